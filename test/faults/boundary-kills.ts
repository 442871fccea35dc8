import { runFourActions, type Stage } from './four-actions.ts';
import { openTinyLane, type TinyLane } from './tiny-lane.ts';

const LANES = 3;
const WORKERS = 2;
/** A point may be passed by in a round: a retry finds its task done already. */
const ROUNDS = 4;

export interface BoundaryKills {
  /** The life without a kill. */
  readonly clean: readonly Stage[];
  /** `<action> <activity>:<point>`: those that the clean life reached. */
  readonly points: readonly string[];
  /** Those of `points` that were chosen. */
  readonly chosen: readonly string[];
  /** Where a worker died. */
  readonly killed: readonly string[];
  /** Lives that did not end as the clean one did: each stage that differs. */
  readonly different: readonly Stage[];
}

/**
 * One clean life of a cluster (create, stop, start, delete), which says at which boundaries a worker
 * can die; then lives until a worker was killed once at each of the chosen ones (all by default).
 */
export async function killAtBoundaries(
  choose: (points: readonly string[]) => readonly string[] = (points) => points,
): Promise<BoundaryKills> {
  const lanes: TinyLane[] = [];
  const openLane = async (number: number): Promise<TinyLane> => {
    const lane = await openTinyLane({ number, workers: WORKERS });
    lanes.push(lane);
    return lane;
  };
  try {
    const first = await openLane(1);
    const clean = await runFourActions(first);
    const points = first.faults.reached();
    first.records.forget();
    const chosen = choose(points);
    await Promise.all(Array.from({ length: LANES - 1 }, (_, index) => openLane(index + 2)));
    const different = await Promise.all(
      lanes.map((lane, index) => {
        const share = chosen.filter((_, position) => position % LANES === index);
        return killAtEach(lane, share, clean);
      }),
    );
    const killed = lanes.flatMap((lane) => lane.faults.killed());
    return { clean, points, chosen, killed, different: different.flat() };
  } finally {
    await Promise.all(lanes.map((lane) => lane.stop()));
  }
}

/** One life of a cluster after another, until a worker has died once at every one of the points. */
async function killAtEach(
  lane: TinyLane,
  points: readonly string[],
  clean: readonly Stage[],
): Promise<readonly Stage[]> {
  const different: Stage[] = [];
  lane.faults.arm(points);
  for (let round = 1; round <= ROUNDS; round += 1) {
    const stages = await runFourActions(lane);
    lane.records.forget();
    different.push(...stages.filter((stage, index) => !isSame(stage, clean[index])));
    if (lane.faults.killed().length === points.length) break;
  }
  return different;
}

function isSame(stage: Stage, wanted: Stage | undefined): boolean {
  return JSON.stringify(stage) === JSON.stringify(wanted);
}
