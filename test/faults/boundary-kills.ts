import { runFourActions, type Stage } from './four-actions.ts';
import { openLocalScenario, type LocalScenario } from './local-scenario.ts';

const SCENARIOS = 3;
const WORKERS = 2;
/** A point may be missed in a round: a retry finds its task done already. */
const ROUNDS = 4;

export interface BoundaryKills {
  /** The run without a kill. */
  readonly clean: readonly Stage[];
  /** `<action> <activity>:<point>`: those that the run without a kill reached. */
  readonly points: readonly string[];
  /** Those of `points` that were chosen. */
  readonly chosen: readonly string[];
  /** Where a worker died. */
  readonly killed: readonly string[];
  /** Chosen points at which no worker died; those of waits are left out, see FaultFolder. */
  readonly missed: readonly string[];
  /** Runs that did not end like the one without a kill: each stage that differs. */
  readonly different: readonly Stage[];
}

/**
 * One life of a cluster (create, stop, start, delete) without a kill, which shows at which boundaries a
 * worker can die; then further lives until a worker was killed once at each of the chosen ones (all by
 * default).
 */
export async function killAtBoundaries(
  choose: (points: readonly string[]) => readonly string[] = (points) => points,
): Promise<BoundaryKills> {
  const scenarios: LocalScenario[] = [];
  const openScenario = async (number: number): Promise<LocalScenario> => {
    const scenario = await openLocalScenario({ number, workers: WORKERS });
    scenarios.push(scenario);
    return scenario;
  };
  try {
    const first = await openScenario(1);
    const clean = await runFourActions(first);
    const points = first.faults.reached();
    first.records.forget();
    const chosen = choose(points);
    await Promise.all(Array.from({ length: SCENARIOS - 1 }, (_, index) => openScenario(index + 2)));
    const different = await Promise.all(
      scenarios.map((scenario, index) => {
        const share = chosen.filter((_, position) => position % SCENARIOS === index);
        return killAtEach(scenario, share, clean);
      }),
    );
    const killed = scenarios.flatMap((scenario) => scenario.faults.killed());
    const missed = scenarios.flatMap((scenario) => scenario.faults.missed());
    return { clean, points, chosen, killed, missed, different: different.flat() };
  } finally {
    await Promise.all(scenarios.map((scenario) => scenario.stop()));
  }
}

/** One life of a cluster after another, until a worker has died once at every one of the points. */
async function killAtEach(
  scenario: LocalScenario,
  points: readonly string[],
  clean: readonly Stage[],
): Promise<readonly Stage[]> {
  const different: Stage[] = [];
  scenario.faults.arm(points);
  for (let round = 1; round <= ROUNDS; round += 1) {
    const stages = await runFourActions(scenario);
    scenario.records.forget();
    different.push(...stages.filter((stage, index) => !isSame(stage, clean[index])));
    if (scenario.faults.missed().length === 0) break;
  }
  return different;
}

function isSame(stage: Stage, wanted: Stage | undefined): boolean {
  return JSON.stringify(stage) === JSON.stringify(wanted);
}
