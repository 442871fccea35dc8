import type { WalkOutcome, WalkSliceInput } from '../src/protocol/index.ts';
import { requireSliceInput } from './require-input.ts';
import { loadLanes, walkLanes } from './walk-lanes.ts';

/**
 * One slice of a wide step, as a child of its job, so that no history grows with the size of the cluster.
 * A slice never holds: it returns the ids that failed.
 */
export async function walkSlice(input: WalkSliceInput): Promise<WalkOutcome> {
  requireSliceInput(input);
  const { jobId, slice, lanesAtOnce, queues, timing } = input;
  return walkLanes(await loadLanes(jobId, slice), lanesAtOnce, queues, timing);
}
