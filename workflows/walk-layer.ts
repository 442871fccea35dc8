import { CancellationScope, createEventGroup, executeChild, workflowInfo } from '@temporalio/workflow';
import type { LayerShape, QueueScope } from '../src/domain/index.ts';
import { loadSlice } from './activity-proxies.ts';
import {
  SLICE_TASKS,
  sliceWorkflowId,
  WALK_SLICE_WORKFLOW,
  type ActivityTiming,
  type WalkSliceInput,
} from './messages.ts';
import type { walkSlice } from './walk-slice.workflow.ts';
import { joinOutcomes, NOTHING_WALKED, walkTasks, type WalkOutcome } from './walk-tasks.ts';

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
      outcomes.push(
        await executeChild<typeof walkSlice>(WALK_SLICE_WORKFLOW, {
          args: [input],
          workflowId: sliceWorkflowId(workflowInfo().workflowId, jobId, layer.index, offset),
          cancellationType: 'WAIT_CANCELLATION_COMPLETED',
          staticSummary: `${layer.name}, tasks ${offset + 1} to ${Math.min(offset + SLICE_TASKS, layer.total)}`,
        }),
      );
    }
  };
  await Promise.all(Array.from({ length: WINDOW_SLICES }, walkNext));
  return joinOutcomes(outcomes);
}
