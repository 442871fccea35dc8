import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { runFourActions } from './four-actions.ts';
import { createRandomSource, type RandomSource } from './random.ts';
import { auditLedger, surveyUntil, worldAfter, type Survey } from './survey.ts';
import { complaintsOf, NODES, waitForEnd, type Action, type TinyLane } from './tiny-lane.ts';

/** What came of some rounds. */
export interface RoundsReport {
  readonly rounds: number;
  readonly kills: number;
  /** Things of the world that should not be there after an action: nobody would ever remove them. */
  readonly leaked: number;
  /** Things that are there twice, services that ran twice. */
  readonly doubled: number;
  /** In words: what is leaked, doubled, missing or failed, and in which round. */
  readonly complaints: readonly string[];
}

const MOST_CYCLES = 2;
const MOST_POINTS = 3;
const MOST_RANDOM_KILLS = 2;

/** Which services an action runs on every node. */
const SERVICES: Readonly<Record<Action, readonly string[]>> = {
  create: ['init', 'start'],
  stop: ['stop'],
  start: ['start'],
  delete: ['destroy', 'stop'],
};

/**
 * Random lives of clusters, one a round, during which workers are killed at random fault points and at
 * random times. After each action the world is counted. The seed decides actions, points and times;
 * which worker meets a point first is up to the machine.
 */
export async function runRandomRounds(
  lane: TinyLane,
  options: { readonly rounds: number; readonly seed: number; readonly report?: (line: string) => void },
): Promise<RoundsReport> {
  const random = createRandomSource(options.seed);
  const report = options.report ?? ((): void => {});
  const startedAt = Date.now();
  await runFourActions(lane);
  const points = lane.faults.reached();
  const actionMs = (Date.now() - startedAt) / 4;
  const complaints: string[] = [];
  let leaked = 0;
  let doubled = 0;
  for (let round = 1; round <= options.rounds; round += 1) {
    lane.records.forget();
    const actions = chooseActions(random);
    report(`round ${round}: ${actions.join(', ')}`);
    const found = await runRound(lane, { round, actions, points, actionMs, random });
    leaked += found.leaked;
    doubled += found.doubled;
    complaints.push(...found.complaints);
    for (const complaint of found.complaints) report(`  ${complaint}`);
  }
  return { rounds: options.rounds, kills: lane.workers.restarts(), leaked, doubled, complaints };
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

type Found = Pick<RoundsReport, 'leaked' | 'doubled' | 'complaints'>;

async function runRound(lane: TinyLane, { round, actions, points, actionMs, random }: Round): Promise<Found> {
  const complaints: string[] = [];
  const services: string[] = [];
  let leaked = 0;
  let doubled = 0;
  let clusterId: string | undefined;
  for (const [step, action] of actions.entries()) {
    const phase = `round-${round}-${step}-${action}`;
    lane.faults.enter(phase);
    const ofAction = points.filter((point) => point.startsWith(`${action} `));
    lane.faults.arm(
      random
        .pickSome(ofAction, random.pickNumber(MOST_POINTS + 1))
        .map((point) => point.replace(action, phase)),
    );
    const killing = new AbortController();
    const kills = Array.from({ length: random.pickNumber(MOST_RANDOM_KILLS + 1) }, () =>
      killLater(lane, random.pickNumber(Math.ceil(actionMs)), killing.signal, random.pickNumber(2)),
    );
    await lane.records.keep();
    const job = await lane.begin(action, clusterId);
    clusterId = job.clusterId;
    const view = await waitForEnd(lane.client, job);
    killing.abort();
    await Promise.all(kills);
    await lane.records.keep();
    // A cluster that is stopped already is not asked whether it may go.
    if (action !== 'delete' || actions[step - 1] !== 'stop') services.push(...SERVICES[action]);
    const expected = worldAfter(action, NODES);
    const world = await surveyUntil(lane.world, expected);
    const ran = lane.records.read();
    leaked += action === 'delete' ? countThings(world) : 0;
    doubled += action === 'delete' ? 0 : Math.max(0, countThings(world) - countThings(expected));
    doubled += ran.reduce((sum, line) => sum + Math.max(0, line.split(' ').length - services.length), 0);
    complaints.push(
      ...[
        ...complaintsOf(view),
        ...(await auditLedger(lane.stack.databaseUrl, lane.world, job.clusterId)),
        ...(isDeepStrictEqual(world, expected) ? [] : [`the world is ${JSON.stringify(world)}`]),
        ...ran.filter((line) => line !== services.join(' ')).map((line) => `services ran: ${line}`),
        ...(ran.length === NODES ? [] : [`${ran.length} nodes have a record`]),
      ].map((complaint) => `${phase}: ${complaint}`),
    );
  }
  return { leaked, doubled, complaints };
}

async function killLater(lane: TinyLane, ms: number, signal: AbortSignal, worker: number): Promise<void> {
  try {
    await sleep(ms, undefined, { signal });
  } catch {
    return;
  }
  lane.workers.kill(worker);
}

/** Instances, volumes, processes and addresses. */
function countThings(world: Survey): number {
  const processes = world.instances.map((line) => Number(/(\d+) processes$/.exec(line)?.[1] ?? 0));
  return (
    world.instances.length +
    world.volumes.length +
    world.strayProcesses +
    world.addresses +
    processes.reduce((sum, count) => sum + count, 0)
  );
}
