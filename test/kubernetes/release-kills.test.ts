import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { findTestHelm } from '../kit/find-helm.ts';
import { createRandomSource } from '../faults/random.ts';
import { useControlPlane } from '../kit/kubernetes/index.ts';
import { openChartScenario, type ChartScenario } from './chart-scenario.ts';
import { createKillableHelm, type KillableHelm } from './killable-helm.ts';
import { KILLED_ACTIONS, killAtReleasePoints, runReleaseLife } from './release-kills.ts';

vi.setConfig({ testTimeout: 400_000 });
const controlPlane = useControlPlane();
const SEED = Number(process.env['WINDLASS_TEST_SEED'] ?? 7);
/** Of each action; `npm run prove` uses them all. */
const SAMPLE = 1;
/** `npm run prove` uses a dozen moments. */
const HELM_KILL_MS = 100;

let scenario: ChartScenario;
let killable: KillableHelm;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'windlass-killable-helm-'));
  const helm = await findTestHelm();
  killable = createKillableHelm(folder, helm.path);
  scenario = await openChartScenario(controlPlane(), { workers: 2, env: { WINDLASS_HELM: killable.path } });
}, 120_000);
afterAll(async () => {
  await scenario?.stop();
  rmSync(folder, { recursive: true, force: true });
}, 180_000);

test('a worker that dies in the middle of create, upgrade, rollback or delete doubles and loses nothing', async () => {
  expect(await runReleaseLife(scenario, 'hooked', 0)).toEqual([]);
  const random = createRandomSource(SEED);
  const reached = scenario.faults.reached();
  const points = KILLED_ACTIONS.flatMap((action) =>
    random.pickSome(
      reached.filter((point) => point.startsWith(`${action} `)),
      SAMPLE,
    ),
  );
  expect(points.length).toBeGreaterThanOrEqual(KILLED_ACTIONS.length);
  expect(await killAtReleasePoints(scenario, 'hooked', points, 3)).toEqual([]);
  process.stdout.write(`${reached.length} points, ${points.length} kills\n`);
});

test('a helm that is killed at any moment leaves one release of the right revision', async () => {
  const { client, register, openRuntime } = scenario;
  killable.arm(HELM_KILL_MS);
  expect(await runReleaseLife(scenario, 'web', 100)).toEqual([]);
  killable.disarm();
  expect(killable.kills(), 'helm died in all four actions, or had ended').toBeGreaterThanOrEqual(2);
  // In the middle of a hook, which continues by itself.
  const namespace = await openRuntime();
  killable.arm(700);
  await scenario.succeed(
    client.clusters.create({
      app: await register('hooked', '1.0.0'),
      runtime: namespace,
      name: 'cut',
      settings: { 'prepare.podAnnotations.testbed\\.windlass/run-delay': '2s' },
    }),
  );
  killable.disarm();
  const expected = { releases: ['cut v1 deployed'], pods: 4, readyPods: 4 };
  expect(await scenario.waitForSnapshot(namespace, expected)).toEqual(expected);
});
