import { CancellationScope, createEventGroup, executeChild, workflowInfo } from '@temporalio/workflow';
import type { PlanSlice, QueueScope, StepShape } from '../src/domain/index.ts';
import { sliceStep, type StepSlices } from '../src/plan/index.ts';
import { isCancelled } from './is-cancelled.ts';
import {
  sliceWorkflowId,
  WALK_SLICE_WORKFLOW,
  type ActivityTiming,
  type WalkOutcome,
  type WalkSliceInput,
  type Workflows,
} from '../src/protocol/index.ts';
import { loadLanes, walkLanes } from './walk-lanes.ts';
import { joinOutcomes, NOTHING_WALKED } from './walk-tasks.ts';

/** One step: its tasks in parallel, or its lanes; wide ones in slices. */
export function walkStep(
  jobId: string,
  step: StepShape,
  queues: QueueScope,
  timing: ActivityTiming,
): Promise<WalkOutcome> {
  const slices = sliceStep(step);
  return createEventGroup(`${step.index + 1} ${step.title}`, { id: `step-${step.index}` }).withScope(
    async () => {
      const [slice] = slices.slices;
      if (slice === undefined) return NOTHING_WALKED;
      if (slices.slices.length > 1) return walkSlices(jobId, step, slices, { queues, timing });
      return walkLanes(await loadLanes(jobId, slice), slices.lanesAtOnce, queues, timing);
    },
  );
}

async function walkSlices(
  jobId: string,
  { title, lanes }: StepShape,
  { slices, slicesAtOnce, lanesAtOnce }: StepSlices,
  more: Pick<WalkSliceInput, 'queues' | 'timing'>,
): Promise<WalkOutcome> {
  const waiting = [...slices];
  const outcomes: WalkOutcome[] = [];
  // The tasks of a layer all run; after a failure no further lane begins.
  const mayGoOn = (): boolean =>
    lanes === null || outcomes.every(({ failed, cancelled }) => failed.length === 0 && !cancelled);
  const walkNext = async (): Promise<void> => {
    while (mayGoOn()) {
      const slice = waiting.shift();
      if (slice === undefined) return;
      if (CancellationScope.current().consideredCancelled) {
        outcomes.push({ ...NOTHING_WALKED, cancelled: true });
        return;
      }
      outcomes.push(await walkOne(slice));
    }
  };
  // All have ended before the job continues, even if one of them throws, which no task does.
  const walks = await Promise.allSettled(Array.from({ length: slicesAtOnce }, walkNext));
  const failed = walks.find((walk) => walk.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return joinOutcomes(outcomes);

  async function walkOne(slice: PlanSlice): Promise<WalkOutcome> {
    try {
      return await executeChild<Workflows['walkSlice']>(WALK_SLICE_WORKFLOW, {
        args: [{ jobId, slice, lanesAtOnce, ...more }],
        workflowId: sliceWorkflowId(workflowInfo().workflowId, jobId, slice),
        cancellationType: 'WAIT_CANCELLATION_COMPLETED',
        staticSummary: `${title}, ${slice.of} ${slice.from + 1} to ${slice.to}`,
      });
    } catch (error) {
      // One that was cancelled before it began has run nothing.
      if (isCancelled(error)) return { ...NOTHING_WALKED, cancelled: true };
      throw error;
    }
  }
}
