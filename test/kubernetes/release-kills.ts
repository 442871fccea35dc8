import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { StartedJob } from '../../src/client/index.ts';
import { WindlassError } from '../../src/domain/index.ts';
import { problemsOf } from '../faults/local-scenario.ts';
import type { ChartScenario, ChartName } from './chart-scenario.ts';
import { PODS } from './chart-life.ts';
import { listHookRuns } from './hook-runs.ts';
import { NOTHING, type ReleaseSnapshot } from './snapshot-release.ts';

const FREE_LIMIT_MS = 60_000;

/** The actions whose every boundary is tried. */
export const KILLED_ACTIONS = ['create', 'upgrade', 'rollback', 'delete'] as const;
type KilledAction = (typeof KILLED_ACTIONS)[number];

const SETTINGS: Readonly<Record<ChartName, Readonly<Record<string, string>>>> = {
  web: {},
  store: {},
  hooked: { farewell: 'true' },
};

/** One life of a chart: what is wrong with it, in words; empty when all is well. */
export async function runReleaseLife(
  scenario: ChartScenario,
  chart: ChartName,
  number: number,
): Promise<readonly string[]> {
  const { clusters } = scenario.client;
  const namespace = await scenario.openRuntime();
  const [first, second] = [await scenario.register(chart, '1.0.0'), await scenario.register(chart, '2.0.0')];
  const name = `life-${number}`;
  const problems: string[] = [];
  let clusterId = '';
  const starts: Readonly<Record<KilledAction, () => Promise<StartedJob>>> = {
    create: () => clusters.create({ app: first, runtime: namespace, name, settings: SETTINGS[chart] }),
    upgrade: () => clusters.upgrade(clusterId, { app: second }),
    rollback: () => clusters.rollback(clusterId),
    delete: () => clusters.delete(clusterId),
  };
  for (const [index, action] of KILLED_ACTIONS.entries()) {
    scenario.faults.enter(action);
    const view = await scenario.end(startWhenFree(starts[action]));
    ({ clusterId } = view);
    const expected = action === 'delete' ? NOTHING : oneRelease(name, index + 1, PODS[chart]);
    const seen = await scenario.waitForSnapshot(namespace, expected);
    problems.push(...problemsOf(view).map((one) => `${action}: ${one}`));
    if (!isDeepStrictEqual(seen, expected)) {
      problems.push(`after ${action} there is ${JSON.stringify(seen)}, not ${JSON.stringify(expected)}`);
    }
  }
  scenario.faults.enter('none');
  return chart === 'hooked' ? [...problems, ...(await complainOfHooks(scenario, namespace))] : problems;
}

/**
 * A worker that dies while it closes a job leaves it open for longer than the client waits by itself,
 * until another one has taken over.
 */
async function startWhenFree(start: () => Promise<StartedJob>): Promise<StartedJob> {
  const deadline = Date.now() + FREE_LIMIT_MS;
  for (;;) {
    try {
      return await start();
    } catch (error) {
      const busy = WindlassError.isInstance(error) && error.code === 'CLUSTER_BUSY';
      if (!busy || Date.now() > deadline) throw error;
      await sleep(500);
    }
  }
}

/** A hook that was cut may run again, but none of them is left out. */
async function complainOfHooks(scenario: ChartScenario, namespace: string): Promise<readonly string[]> {
  const runs = await Promise.all(
    ['pre-delete', 'post-delete'].map(async (hook) => ({
      hook,
      done: (await listHookRuns(scenario.plane.api, namespace, hook)).done.length,
    })),
  );
  return runs.filter(({ done }) => done === 0).map(({ hook }) => `hook ${hook} has never come to its end`);
}

/** One release at the right revision, which alone is deployed, and its pods. */
function oneRelease(name: string, revision: number, pods: number): Partial<ReleaseSnapshot> {
  return { releases: [`${name} v${revision} deployed`], pods, readyPods: pods };
}

/**
 * Lives of a chart, one after another, until a worker has died once at each of the points, or so
 * many lives are over. A point may be passed by in a life: a retry finds its task done already.
 */
export async function killAtReleasePoints(
  scenario: ChartScenario,
  chart: ChartName,
  points: readonly string[],
  lives: number,
  report: (line: string) => void = () => {},
): Promise<readonly string[]> {
  scenario.faults.arm(points);
  const problems: string[] = [];
  for (let number = 1; number <= lives; number += 1) {
    const found = await runReleaseLife(scenario, chart, number);
    problems.push(...found);
    report(
      `life ${number}: killed at ${scenario.faults.killed().length} of ${points.length} points, ${found.length} problems`,
    );
    for (const problem of found) report(`  ${problem}`);
    if (scenario.faults.missed().length === 0) return problems;
  }
  return [...problems, ...scenario.faults.missed().map((point) => `no worker died at ${point}`)];
}
