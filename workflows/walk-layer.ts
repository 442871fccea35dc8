import { CancellationScope, createEventGroup, executeChild, workflowInfo } from '@temporalio/workflow';
import type { LayerShape, QueueScope } from '../src/domain/index.ts';
import { loadSlice } from './activity-proxies.ts';
import { isCancelled } from './is-cancelled.ts';
import {
  SLICE_TASKS,
  sliceWorkflowId,
  WALK_SLICE_WORKFLOW,
  type ActivityTiming,
  type WalkOutcome,
  type WalkSliceInput,
  type Workflows,
} from '../src/protocol/index.ts';
import { joinOutcomes, NOTHING_WALKED, walkTasks } from './walk-tasks.ts';

/** How many slices of one layer run at once. */
const WINDOW_SLICES = 10;

/** One layer: all its tasks in parallel, wide ones in slices of their own. */
export function walkLayer(
  jobId: string,
  layer: LayerShape,
  queues: QueueScope,
  timing: ActivityTiming,
): Promise<WalkOutcome> {
  return createEventGroup(`${layer.index + 1} ${layer.name}`, { id: `layer-${layer.index}` }).withScope(
    async () => {
      if (layer.total > SLICE_TASKS) return walkSlices(jobId, layer, queues, timing);
      const tasks = await CancellationScope.nonCancellable(() =>
        loadSlice({ jobId, layerIndex: layer.index, offset: 0, limit: layer.total }),
      );
      return walkTasks(tasks, queues, timing);
    },
  );
}

async function walkSlices(
  jobId: string,
  layer: LayerShape,
  queues: QueueScope,
  timing: ActivityTiming,
): Promise<WalkOutcome> {
  const offsets: number[] = [];
  for (let offset = 0; offset < layer.total; offset += SLICE_TASKS) offsets.push(offset);
  const outcomes: WalkOutcome[] = [];
  const walkNext = async (): Promise<void> => {
    for (let offset = offsets.shift(); offset !== undefined; offset = offsets.shift()) {
      if (CancellationScope.current().consideredCancelled) {
        outcomes.push({ ...NOTHING_WALKED, cancelled: true });
        return;
      }
      const input: WalkSliceInput = {
        jobId,
        layerIndex: layer.index,
        layerName: layer.name,
        offset,
        limit: SLICE_TASKS,
        queues,
        timing,
      };
      outcomes.push(await walkOne(input));
    }
  };
  // All have ended before the job goes on, also where one of them fails as no task does.
  const walks = await Promise.allSettled(Array.from({ length: WINDOW_SLICES }, walkNext));
  const failed = walks.find((walk) => walk.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return joinOutcomes(outcomes);

  async function walkOne(input: WalkSliceInput): Promise<WalkOutcome> {
    const { offset } = input;
    try {
      return await executeChild<Workflows['walkSlice']>(WALK_SLICE_WORKFLOW, {
        args: [input],
        workflowId: sliceWorkflowId(workflowInfo().workflowId, jobId, layer.index, offset),
        cancellationType: 'WAIT_CANCELLATION_COMPLETED',
        staticSummary: `${layer.name}, tasks ${offset + 1} to ${Math.min(offset + SLICE_TASKS, layer.total)}`,
      });
    } catch (error) {
      // One that was cancelled before it had begun has walked nothing.
      if (isCancelled(error)) return { ...NOTHING_WALKED, cancelled: true };
      throw error;
    }
  }
}
