import { CancellationScope } from '@temporalio/workflow';
import { loadSlice } from './activity-proxies.ts';
import type { WalkOutcome, WalkSliceInput } from '../src/protocol/index.ts';
import { requireSliceInput } from './require-input.ts';
import { walkTasks } from './walk-tasks.ts';

/**
 * One slice of a wide layer, as a child of its job: so that no history grows with the width of
 * the cluster. A slice never holds: it returns the ids that failed.
 */
export async function walkSlice(input: WalkSliceInput): Promise<WalkOutcome> {
  requireSliceInput(input);
  const { jobId, layerIndex, offset, limit } = input;
  const tasks = await CancellationScope.nonCancellable(() => loadSlice({ jobId, layerIndex, offset, limit }));
  return walkTasks(tasks, input.queues, input.timing);
}
