// `npm run prove -- [PART]… --rounds N --seed S`: checks that take too long for the tests. Exit code 1
// when anything leaked, was duplicated, or failed.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { buildHelm3 } from '../kit/find-helm.ts';
import { proveReleases, proveReleasesOnBadDays } from '../kubernetes/prove-releases.ts';
import { sweepAws } from './aws-sweep.ts';
import { killAtBoundaries } from './boundary-kills.ts';
import type { FaultFolder } from './fault-folder.ts';
import { proveFleet } from './fleet.ts';
import { runWithFreeze } from './frozen-life.ts';
import { liveBehindFrontgate, type FrontgateLife } from './frontgate-life.ts';
import { findFrontgateScenarioObstacle, openFrontgateScenario } from './frontgate-scenario.ts';
import { runFrontgateClusters } from './frontgate-cluster-life.ts';
import { createRandomSource } from './random.ts';
import { runRandomRounds } from './random-rounds.ts';
import { openLocalScenario } from './local-scenario.ts';

const PARTS = {
  /** Random lives of clusters under random kills of their workers. */
  rounds: proveRounds,
  /** A worker killed at every boundary of a cluster's life. */
  boundaries: proveBoundaries,
  /** Every request of the aws provider × every fault. */
  'aws-sweep': proveAwsSweep,
  /** Workers and helm killed at every point of a release's life. */
  kubernetes: proveKubernetes,
  /** Each step of a release's life while one request to the API server fails. */
  'bad-days': proveBadDays,
  /** Every kind of chart goes through every action. */
  charts: proveCharts,
  /** The tests that use helm 4, with helm 3: the worker's, and the one that is killed. */
  helm3: proveHelm3,
  /** The conformance suite of every cloud, and with each call failing after its effect: all of which the tests run a sample. */
  conformance: proveConformance,
  /** Clusters that are created and deleted behind one frontgate, with a kill at every boundary. */
  frontgate: proveFrontgate,
  /** Hostile inputs one by one, each with another user's job after it, and many random ones (`--rounds`, `--seed`). */
  hostile: proveHostile,
  /** Many clusters at once on four workers (`--clusters`, `--accounts`): all end, none twice, none left. */
  fleet: proveManyClusters,
  /** A worker that freezes for a minute in the middle of an effect while its retry goes on. */
  frozen: proveFrozen,
} as const;
type PartName = keyof typeof PARTS;

/** The number of kills in one life behind a frontgate: more would hide one another. */
const POINTS_OF_LIFE = 12;

/** Much longer than heartbeat timeout and lease: the worker that took over has long continued. */
const FROZEN_MS = 60_000;

/** Before the effect and after it, in the cloud and on a node. */
const FROZEN_POINTS = [
  'create RunInstances:before-effect',
  'create RunInstances:after-effect',
  'create StartService:before-effect',
  'create StartService:after-effect',
];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '10' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    lanes: { type: 'string', default: '8' },
    /** For each of the two frontgate variants; no new life is begun after it. */
    minutes: { type: 'string', default: '60' },
    clusters: { type: 'string', default: '1000' },
    accounts: { type: 'string', default: '100' },
  },
});
const [rounds, seed] = [Number(values.rounds), Number(values.seed)];
const [lanes, minutes] = [Number(values.lanes), Number(values.minutes)];
const [clusters, accounts] = [Number(values.clusters), Number(values.accounts)];
const unknown = positionals.filter((name) => !(name in PARTS));
if (
  unknown.length > 0 ||
  ![rounds, seed, lanes, minutes, clusters, accounts].every(Number.isInteger) ||
  Math.min(rounds, lanes, minutes, clusters, accounts) < 1
) {
  process.stderr.write(
    `prove: --rounds, --lanes, --minutes, --clusters and --accounts are whole numbers from 1, --seed a whole number; the parts are ${Object.keys(PARTS).join(', ')}\n`,
  );
  process.exit(2);
}

for (const name of Object.keys(PARTS) as PartName[]) {
  if (positionals.length === 0 || positionals.includes(name)) await PARTS[name]();
}

function report(line: string): void {
  process.stderr.write(`${line}\n`);
}

async function proveRounds(): Promise<void> {
  report(`${rounds} rounds with seed ${seed}`);
  const scenario = await openLocalScenario({ number: 15, workers: 2 });
  try {
    const { kills, leaked, doubled, problems } = await runRandomRounds(scenario, { rounds, seed, report });
    process.stdout.write(
      `${rounds} rounds, ${kills} kills, ${leaked} leaked, ${doubled} doubled, ${problems.length} problems\n`,
    );
    if (leaked + doubled + problems.length > 0) process.exitCode = 1;
  } finally {
    await scenario.stop();
  }
}

async function proveBoundaries(): Promise<void> {
  const { points, killed, missed, different } = await killAtBoundaries();
  for (const stage of different) report(`not as without a kill: ${JSON.stringify(stage)}`);
  process.stdout.write(
    `${points.length} points, ${killed.length} kills, ${missed.length} missed, ${different.length} stages not as without a kill\n`,
  );
  if (missed.length + different.length > 0) process.exitCode = 1;
}

async function proveAwsSweep(): Promise<void> {
  const { runs, struck, leaked, doubled, problems } = await sweepAws({ lanes, report });
  process.stdout.write(
    `${runs} runs of aws, ${struck} faults struck, ${leaked} leaked, ${doubled} doubled, ${problems.length} problems\n`,
  );
  if (leaked + doubled + problems.length > 0) process.exitCode = 1;
}

async function proveConformance(): Promise<void> {
  const names = ['aws', 'aws-failing', 'kubernetes', 'kubernetes-failing'];
  const files = names.map((name) => `test/conformance/${name}.test.ts`);
  runTests(files, { WINDLASS_WHOLE_SUITE: '1' });
}

async function proveHostile(): Promise<void> {
  runTests(['test/hostile/hostile.test.ts'], {
    WINDLASS_TEST_WHOLE_SUITE: '1',
    WINDLASS_TEST_HOSTILE_RUNS: String(rounds * 100),
    WINDLASS_TEST_HOSTILE_SEED: String(seed),
  });
}

async function proveCharts(): Promise<void> {
  runTests(['test/kubernetes/chart-lives.test.ts'], { WINDLASS_TEST_WHOLE_LIVES: '1' });
}

async function proveHelm3(): Promise<void> {
  const names = [
    'first-release',
    'cut-helm',
    'pulled-charts',
    'fetched-charts',
    'credentials',
    'chart-lives',
    'release-kills',
    'bad-days',
  ];
  const files = names.map((name) => `test/kubernetes/${name}.test.ts`);
  runTests([...files, 'test/conformance/kubernetes.test.ts'], {
    WINDLASS_HELM: await buildHelm3(),
    WINDLASS_TEST_WHOLE_LIVES: '1',
  });
}

function runTests(files: readonly string[], env: NodeJS.ProcessEnv): void {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const vitest = fileURLToPath(new URL('../../node_modules/vitest/vitest.mjs', import.meta.url));
  const { status } = spawnSync(process.execPath, [vitest, 'run', ...files], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: 'inherit',
  });
  if (status !== 0) process.exitCode = 1;
}

async function proveKubernetes(): Promise<void> {
  const { points, helmKills, problems } = await proveReleases(report);
  for (const problem of problems) report(problem);
  process.stdout.write(
    `${points} points at which a worker was killed, ${helmKills} kills of helm, ${problems.length} problems\n`,
  );
  if (problems.length > 0) process.exitCode = 1;
}

async function proveBadDays(): Promise<void> {
  const { lives, planned, struck, problems } = await proveReleasesOnBadDays(seed, report);
  process.stdout.write(
    `${lives} lives of releases with seed ${seed}, ${struck.length} of ${planned} faults struck, ${problems.length} problems\n`,
  );
  if (problems.length > 0) process.exitCode = 1;
}

/** On `local`, and on machines that are reached only through the frontgate's machine. */
async function proveFrontgate(): Promise<void> {
  const scenario = await openLocalScenario({
    number: 43,
    workers: 2,
    nodes: 1,
    settings: { frontgate: 'on' },
  });
  try {
    await proveLives('on local', scenario.faults, () => liveBehindFrontgate(scenario, 4));
  } finally {
    await scenario.stop();
  }
  const obstacle = findFrontgateScenarioObstacle();
  if (obstacle !== null) {
    process.stdout.write(`frontgate on machines: not proved, ${obstacle}\n`);
    return;
  }
  const gated = await openFrontgateScenario({ number: 3, workers: 2 });
  try {
    await proveLives('on machines', gated.faults, () => runFrontgateClusters(gated, 3));
  } finally {
    await gated.stop();
  }
}

async function proveManyClusters(): Promise<void> {
  const fleet = await proveFleet({ clusters, accounts, workers: 4, report });
  for (const problem of fleet.problems) report(problem);
  process.stdout.write(
    `${clusters} clusters over ${accounts} accounts made in ${fleet.createSeconds} s, deleted in ` +
      `${fleet.deleteSeconds} s, ${fleet.problems.length} problems\n`,
  );
  if (fleet.problems.length > 0) process.exitCode = 1;
}

async function proveFrozen(): Promise<void> {
  const scenario = await openLocalScenario({ number: 53, workers: 2, nodes: 1 });
  let problems = 0;
  try {
    for (const point of FROZEN_POINTS) {
      const found = await runWithFreeze(scenario, { point, frozenMs: FROZEN_MS });
      problems += found.length;
      report(`a minute frozen at ${point}: ${found.length === 0 ? 'well' : found.join('\n')}`);
    }
  } finally {
    await scenario.stop();
  }
  process.stdout.write(
    `${FROZEN_POINTS.length} workers frozen for a minute and woken up, ${problems} problems\n`,
  );
  if (problems > 0) process.exitCode = 1;
}

/**
 * A life without faults shows which points there are; then a worker dies at each, a share of them in each
 * life.
 */
async function proveLives(
  where: string,
  faults: FaultFolder,
  live: () => Promise<Pick<FrontgateLife, 'made' | 'violations' | 'problems'>>,
): Promise<void> {
  let lives = 0;
  let notOnce = 0;
  let problems = 0;
  async function liveOnce(): Promise<void> {
    const life = await live();
    lives += 1;
    if (life.made !== 1) notOnce += 1;
    const bad = [...life.violations, ...life.problems];
    problems += bad.length;
    for (const line of bad) report(line);
  }
  await liveOnce();
  const points = createRandomSource(seed).shuffle(faults.reached());
  const end = Date.now() + minutes * 60_000;
  const armed: string[] = [];
  while (armed.length < points.length && Date.now() < end) {
    armed.push(...points.slice(armed.length, armed.length + POINTS_OF_LIFE));
    // Points that were missed before stay armed.
    faults.arm(armed);
    await liveOnce();
    report(
      `frontgate ${where}, seed ${seed}: killed at ${faults.killed().length} of ${points.length} points`,
    );
  }
  const names = (of: readonly string[]): number => new Set(of.map((point) => point.split(' ')[1])).size;
  process.stdout.write(
    `frontgate ${where}: ${lives} lives, ${faults.killed().length} kills at ${points.length} points, ` +
      `${names(faults.killed())} of ${names(points)} kinds, ${notOnce} not made once, ${problems} problems\n`,
  );
  if (notOnce + problems > 0) process.exitCode = 1;
}
