import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { findTestHelm } from '../kit/find-helm.ts';
import { createRandomSource } from '../faults/random.ts';
import { useControlPlane } from '../kit/kubernetes/index.ts';
import { openChartLane, type ChartLane } from './chart-lane.ts';
import { createMortalHelm, type MortalHelm } from './mortal-helm.ts';
import { KILLED_ACTIONS, killAtReleasePoints, runReleaseLife } from './release-kills.ts';

vi.setConfig({ testTimeout: 400_000 });
const controlPlane = useControlPlane();
const SEED = Number(process.env['WINDLASS_TEST_SEED'] ?? 7);
/** Of each action; `npm run prove` tries them all. */
const SAMPLE = 1;
/** `npm run prove` tries a dozen moments. */
const HELM_KILL_MS = 100;

let lane: ChartLane;
let mortal: MortalHelm;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'windlass-mortal-helm-'));
  const helm = await findTestHelm();
  mortal = createMortalHelm(folder, helm.path);
  lane = await openChartLane(controlPlane(), { workers: 2, env: { WINDLASS_HELM: mortal.path } });
}, 120_000);
afterAll(async () => {
  await lane?.stop();
  rmSync(folder, { recursive: true, force: true });
}, 180_000);

test('a worker that dies in the middle of create, upgrade, rollback or delete doubles and loses nothing', async () => {
  expect(await runReleaseLife(lane, 'hooked', 0)).toEqual([]);
  const random = createRandomSource(SEED);
  const reached = lane.faults.reached();
  const points = KILLED_ACTIONS.flatMap((action) =>
    random.pickSome(
      reached.filter((point) => point.startsWith(`${action} `)),
      SAMPLE,
    ),
  );
  expect(points.length).toBeGreaterThanOrEqual(KILLED_ACTIONS.length);
  expect(await killAtReleasePoints(lane, 'hooked', points, 3)).toEqual([]);
  process.stdout.write(`${reached.length} points, ${points.length} kills\n`);
});

test('a helm that is killed at any moment leaves one release of the right revision', async () => {
  const { client, register, openRuntime } = lane;
  mortal.arm(HELM_KILL_MS);
  expect(await runReleaseLife(lane, 'web', 100)).toEqual([]);
  mortal.disarm();
  expect(mortal.kills(), 'helm died in all four actions, or had ended').toBeGreaterThanOrEqual(2);
  // In the middle of a hook, which goes on by itself.
  const namespace = await openRuntime();
  mortal.arm(700);
  await lane.succeed(
    client.clusters.create({
      app: await register('hooked', '1.0.0'),
      runtime: namespace,
      name: 'cut',
      settings: { 'prepare.podAnnotations.testbed\\.windlass/run-delay': '2s' },
    }),
  );
  mortal.disarm();
  const expected = { releases: ['cut v1 deployed'], pods: 4, readyPods: 4 };
  expect(await lane.surveyUntil(namespace, expected)).toEqual(expected);
});
