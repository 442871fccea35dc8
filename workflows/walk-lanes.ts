import { CancellationScope } from '@temporalio/workflow';
import type { PlanSlice, QueueScope, SliceLane } from '../src/domain/index.ts';
import { loadSlice } from './activity-proxies.ts';
import type { ActivityTiming, WalkOutcome } from '../src/protocol/index.ts';
import { joinOutcomes, NOTHING_WALKED, walkTasks } from './walk-tasks.ts';

/** The tasks of a slice; also read when the job is being cancelled, so that the outcome can be reported. */
export function loadLanes(jobId: string, slice: PlanSlice): Promise<readonly SliceLane[]> {
  return CancellationScope.nonCancellable(() => loadSlice({ jobId, slice }));
}

/**
 * Runs lanes, at most `atOnce` at a time. A lane ends with its first failed layer; lanes that have begun
 * continue to their end, so that no node is left half-way, and no further lane begins. Never throws: a
 * failure is an outcome.
 */
export async function walkLanes(
  lanes: readonly SliceLane[],
  atOnce: number,
  queues: QueueScope,
  timing: ActivityTiming,
): Promise<WalkOutcome> {
  const waiting = [...lanes];
  const outcomes: WalkOutcome[] = [];
  const walkNext = async (): Promise<void> => {
    while (!outcomes.some(mustStop)) {
      const lane = waiting.shift();
      if (lane === undefined) return;
      outcomes.push(await walkLane(lane, queues, timing));
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, lanes.length) }, walkNext));
  return joinOutcomes(outcomes);
}

async function walkLane(layers: SliceLane, queues: QueueScope, timing: ActivityTiming): Promise<WalkOutcome> {
  const outcomes: WalkOutcome[] = [];
  for (const tasks of layers) {
    // The safe point for a cancel is a layer's border: waits were interrupted, handles were not.
    if (outcomes.length > 0 && CancellationScope.current().consideredCancelled) {
      outcomes.push({ ...NOTHING_WALKED, cancelled: true });
      break;
    }
    const outcome = await walkTasks(tasks, queues, timing);
    outcomes.push(outcome);
    if (mustStop(outcome)) break;
  }
  return joinOutcomes(outcomes);
}

function mustStop({ failed, cancelled }: WalkOutcome): boolean {
  return failed.length > 0 || cancelled;
}
