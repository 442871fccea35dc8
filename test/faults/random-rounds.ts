import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { runFourActions } from './four-actions.ts';
import { createRandomSource, type RandomSource } from './random.ts';
import { auditLedger, waitForSnapshot, cloudAfter, type CloudSnapshot } from './snapshot-cloud.ts';
import { problemsOf, NODES, waitForEnd, type Action, type LocalScenario } from './local-scenario.ts';

/** The result of some rounds. */
export interface RoundsReport {
  readonly rounds: number;
  readonly kills: number;
  /** Resources that should not exist after an action: nothing would ever remove them. */
  readonly leaked: number;
  /** Resources that exist twice, services that ran twice. */
  readonly doubled: number;
  /** Messages: what is leaked, duplicated, missing or failed, and in which round. */
  readonly problems: readonly string[];
}

const MOST_CYCLES = 2;
const MOST_POINTS = 3;
const MOST_RANDOM_KILLS = 2;

/** The services that an action runs on every node. */
const SERVICES: Readonly<Record<Action, readonly string[]>> = {
  create: ['init', 'start'],
  stop: ['stop'],
  start: ['start'],
  delete: ['destroy', 'stop'],
};

/**
 * Random lives of clusters, one in each round, during which workers are killed at random fault points and
 * at random times. After each action the cloud is counted. The seed decides actions, points and times;
 * which worker reaches a point first depends on the machine.
 */
export async function runRandomRounds(
  scenario: LocalScenario,
  options: { readonly rounds: number; readonly seed: number; readonly report?: (line: string) => void },
): Promise<RoundsReport> {
  const random = createRandomSource(options.seed);
  const report = options.report ?? ((): void => {});
  const startedAt = Date.now();
  await runFourActions(scenario);
  const points = scenario.faults.reached();
  const actionMs = (Date.now() - startedAt) / 4;
  const problems: string[] = [];
  let leaked = 0;
  let doubled = 0;
  for (let round = 1; round <= options.rounds; round += 1) {
    scenario.records.forget();
    const actions = chooseActions(random);
    report(`round ${round}: ${actions.join(', ')}`);
    const found = await runRound(scenario, { round, actions, points, actionMs, random });
    leaked += found.leaked;
    doubled += found.doubled;
    problems.push(...found.problems);
    for (const problem of found.problems) report(`  ${problem}`);
  }
  return { rounds: options.rounds, kills: scenario.workers.restarts(), leaked, doubled, problems };
}

function chooseActions(random: RandomSource): readonly Action[] {
  const cycles = Array.from({ length: random.pickNumber(MOST_CYCLES + 1) }, () => ['stop', 'start'] as const);
  const stopped = random.pickNumber(2) === 0 ? (['stop'] as const) : [];
  return ['create', ...cycles.flat(), ...stopped, 'delete'];
}

interface Round {
  readonly round: number;
  readonly actions: readonly Action[];
  readonly points: readonly string[];
  readonly actionMs: number;
  readonly random: RandomSource;
}

type Found = Pick<RoundsReport, 'leaked' | 'doubled' | 'problems'>;

async function runRound(
  scenario: LocalScenario,
  { round, actions, points, actionMs, random }: Round,
): Promise<Found> {
  const problems: string[] = [];
  const services: string[] = [];
  let leaked = 0;
  let doubled = 0;
  let clusterId: string | undefined;
  for (const [step, action] of actions.entries()) {
    const phase = `round-${round}-${step}-${action}`;
    scenario.faults.enter(phase);
    const ofAction = points.filter((point) => point.startsWith(`${action} `));
    scenario.faults.arm(
      random
        .pickSome(ofAction, random.pickNumber(MOST_POINTS + 1))
        .map((point) => point.replace(action, phase)),
    );
    const killing = new AbortController();
    const kills = Array.from({ length: random.pickNumber(MOST_RANDOM_KILLS + 1) }, () =>
      killLater(scenario, random.pickNumber(Math.ceil(actionMs)), killing.signal, random.pickNumber(2)),
    );
    await scenario.records.keep();
    const job = await scenario.begin(action, clusterId);
    clusterId = job.clusterId;
    const view = await waitForEnd(scenario.client, job);
    killing.abort();
    await Promise.all(kills);
    await scenario.records.keep();
    // A stopped cluster does not run its destroy service.
    if (action !== 'delete' || actions[step - 1] !== 'stop') services.push(...SERVICES[action]);
    const expected = cloudAfter(action, NODES);
    const cloud = await waitForSnapshot(scenario.cloud, expected);
    const ran = scenario.records.read();
    leaked += action === 'delete' ? countThings(cloud) : 0;
    doubled += action === 'delete' ? 0 : Math.max(0, countThings(cloud) - countThings(expected));
    doubled += ran.reduce((sum, line) => sum + Math.max(0, line.split(' ').length - services.length), 0);
    problems.push(
      ...[
        ...problemsOf(view),
        ...(await auditLedger(scenario.stack.databaseUrl, scenario.cloud, job.clusterId)),
        ...(isDeepStrictEqual(cloud, expected) ? [] : [`the cloud is ${JSON.stringify(cloud)}`]),
        ...ran.filter((line) => line !== services.join(' ')).map((line) => `services ran: ${line}`),
        ...(ran.length === NODES ? [] : [`${ran.length} nodes have a record`]),
      ].map((problem) => `${phase}: ${problem}`),
    );
  }
  return { leaked, doubled, problems };
}

async function killLater(
  scenario: LocalScenario,
  ms: number,
  signal: AbortSignal,
  worker: number,
): Promise<void> {
  try {
    await sleep(ms, undefined, { signal });
  } catch {
    return;
  }
  scenario.workers.kill(worker);
}

/** Instances, volumes, processes and addresses. */
function countThings(cloud: CloudSnapshot): number {
  const processes = cloud.instances.map((line) => Number(/(\d+) processes$/.exec(line)?.[1] ?? 0));
  return (
    cloud.instances.length +
    cloud.volumes.length +
    cloud.strayProcesses +
    cloud.addresses +
    processes.reduce((sum, count) => sum + count, 0)
  );
}
