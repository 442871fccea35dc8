import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { useControlPlane } from '../kit/kubernetes/index.ts';
import { liveThrough } from './chart-life.ts';
import { openChartScenario, type ChartScenario } from './chart-scenario.ts';
import { NOTHING } from './snapshot-release.ts';

vi.setConfig({ testTimeout: 300_000 });
const controlPlane = useControlPlane();
let scenario: ChartScenario;

beforeAll(async () => {
  scenario = await openChartScenario(controlPlane(), { workers: 1 });
}, 120_000);
afterAll(() => scenario?.stop(), 180_000);

/** `npm run prove -- charts`: each chart goes through everything. */
const WHOLE = process.env['WINDLASS_TEST_WHOLE_LIVES'] === '1';

describe('the life of a chart', () => {
  test.concurrent.each(['web', 'store', 'hooked'] as const)('%s', async (chart) => {
    await liveThrough(scenario, chart, WHOLE);
  });
});

describe('pods on bad days', () => {
  /** A job with stuck pods fails after this many seconds. */
  const IMPATIENT = { patienceSeconds: '3' };

  test.concurrent('pods that are slow to be ready are waited for, and the wait says so', async () => {
    const { client, register, openRuntime, succeed, waitForSnapshot } = scenario;
    const namespace = await openRuntime();
    const started = client.clusters.create({
      app: await register('web', '1.0.0'),
      runtime: namespace,
      name: 'slow',
      settings: { 'podAnnotations.testbed\\.windlass/ready-delay': '6s' },
    });
    const seen = new Set<string>();
    const { jobId, clusterId } = await started;
    for await (const event of client.jobs.watch(jobId, { clusterId, pollMs: 200 }))
      seen.add(JSON.stringify(event));
    await succeed(started);
    expect([...seen].join('\n')).toMatch(/0 of 2|not ready|pod/i);
    const expected = { releases: ['slow v1 deployed'], pods: 2, readyPods: 2 };
    expect(await waitForSnapshot(namespace, expected)).toEqual(expected);
  });

  test.concurrent.each([
    ['an image that cannot be pulled', { 'image.repository': 'missing.invalid/web' }, /ImagePullBackOff/],
    [
      'too little memory',
      { 'podAnnotations.testbed\\.windlass/behaviour': 'oom' },
      /OOMKilled|CrashLoopBackOff/,
    ],
    ['a crash', { 'podAnnotations.testbed\\.windlass/behaviour': 'crash' }, /CrashLoopBackOff/],
    [
      'more CPUs than any node has',
      { 'resources.requests.cpu': '100' },
      /Insufficient cpu|insufficient cpu/i,
    ],
  ])('%s ends the job with the reason, and what is left can be deleted', async (_what, settings, reason) => {
    const { client, register, openRuntime, end, succeed, waitForSnapshot } = scenario;
    const namespace = await openRuntime(IMPATIENT);
    const app = await register('web', '1.0.0');
    // Beside each other: no two living clusters have one name.
    const name = `stuck-${namespace}`;
    const view = await end(client.clusters.create({ app, runtime: namespace, name, settings }));
    expect(view.status).toBe('failed');
    expect(view.error?.message).toMatch(reason);
    expect(view.error?.message).toContain(`${name}-web`);
    await succeed(client.clusters.delete(view.clusterId));
    expect(await waitForSnapshot(namespace, NOTHING)).toEqual(NOTHING);
  });

  test.concurrent('a failed upgrade is undone by a rollback', async () => {
    const { client, register, openRuntime, end, succeed, waitForSnapshot } = scenario;
    const namespace = await openRuntime(IMPATIENT);
    const { clusterId } = await succeed(
      client.clusters.create({ app: await register('web', '1.0.0'), runtime: namespace, name: 'back' }),
    );
    const app = await register('web', '2.0.0');
    const broken = { app, settings: { 'image.repository': 'missing.invalid/web' } };
    const view = await end(client.clusters.upgrade(clusterId, broken));
    expect(view).toMatchObject({ status: 'failed' });
    expect((await client.clusters.describe(clusterId)).status).toBe('failed');
    await succeed(client.clusters.rollback(clusterId));
    expect((await client.clusters.describe(clusterId)).status).toBe('active');
    const expected = { releases: ['back v3 deployed'], pods: 2, readyPods: 2 };
    expect(await waitForSnapshot(namespace, expected)).toEqual(expected);
  });

  test.concurrent('a full quota is the reason that is given', async () => {
    const { client, plane, register, openRuntime, end } = scenario;
    const namespace = await openRuntime(IMPATIENT);
    const quotas = `/api/v1/namespaces/${namespace}/resourcequotas`;
    await plane.api.create(quotas, { metadata: { name: 'tight' }, spec: { hard: { pods: '1' } } });
    while ((await plane.api.get(`${quotas}/tight`)).status?.['used'] === undefined) await sleep(50);
    const app = await register('web', '1.0.0');
    const view = await end(client.clusters.create({ app, runtime: namespace, name: 'full' }));
    expect(view).toMatchObject({ status: 'failed', error: { kind: 'quota' } });
    expect(view.error?.message).toMatch(/pods/);
  });

  // Alone: it is everybody's server.
  test('an API server that dies and comes back is not noticed in the end', async () => {
    const { client, plane, register, openRuntime, succeed, waitForSnapshot } = scenario;
    const namespace = await openRuntime();
    const job = client.clusters.create({
      // A version that no life ceases: the last cluster of one takes it along, a moment after its end.
      app: await register('store', '9.0.0'),
      runtime: namespace,
      name: 'patient',
      settings: { 'podAnnotations.testbed\\.windlass/ready-delay': '3s' },
    });
    await job;
    await waitForSnapshot(namespace, { releases: ['patient v1 deployed'] });
    await plane.killApiServer();
    await plane.startApiServer();
    await succeed(job);
    const expected = { releases: ['patient v1 deployed'], pods: 2, readyPods: 2 };
    expect(await waitForSnapshot(namespace, expected)).toEqual(expected);
  });
});
