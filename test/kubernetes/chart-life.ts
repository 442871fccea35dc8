import assert from 'node:assert/strict';
import type { ChartScenario, ChartName } from './chart-scenario.ts';
import { listImages, NOTHING, snapshotNamespace } from './snapshot-release.ts';

/** How many pods a chart's default values ask for. */
export const PODS: Readonly<Record<ChartName, number>> = { web: 2, store: 2, hooked: 4 };

/** The name of the role that is scaled; a DaemonSet has a pod on every node anyway. */
const SCALED_ROLE: Readonly<Record<ChartName, string>> = { web: 'web', store: 'store', hooked: 'operator' };

/** What a chart can go through between its create and its delete. */
const CHAPTERS = ['update-env', 'scale', 'resize', 'stop', 'restart', 'upgrade', 'recover'] as const;
type Chapter = (typeof CHAPTERS)[number];

/** Of each kind of chart what is most its own; `npm run prove -- charts` has all of them live all of it. */
const SAMPLE: Readonly<Record<ChartName, readonly Chapter[]>> = {
  web: ['update-env', 'scale', 'resize', 'restart'],
  store: ['stop', 'upgrade', 'recover'],
  hooked: ['stop', 'upgrade'],
};

interface Life {
  readonly scenario: ChartScenario;
  readonly chart: ChartName;
  readonly namespace: string;
  readonly name: string;
  readonly clusterId: string;
  readonly versions: readonly [first: string, second: string];
  /** As the last chapter has left them. */
  revision: number;
  pods: number;
}

/**
 * The life of one chart, whole or a sample of it: create, chapters, delete, cease. After each
 * action the API server is asked what is there. Throws what differs.
 */
export async function liveThrough(scenario: ChartScenario, chart: ChartName, whole: boolean): Promise<void> {
  const { clusters } = scenario.client;
  const namespace = await scenario.openRuntime();
  const versions = await Promise.all([scenario.register(chart, '1.0.0'), scenario.register(chart, '2.0.0')]);
  const name = `${chart}-life`;
  const { clusterId } = await scenario.succeed(
    clusters.create({ app: versions[0], runtime: namespace, name }),
  );
  const life: Life = {
    scenario,
    chart,
    namespace,
    name,
    clusterId,
    versions,
    revision: 1,
    pods: PODS[chart],
  };
  await expectRelease(life, 'create');
  await expectImages(life, '1.0.0');
  const { nodes } = await clusters.describe(clusterId);
  if (chart !== 'hooked') assert.equal(nodes.length, life.pods);
  for (const chapter of whole ? CHAPTERS : SAMPLE[chart]) await LIVED[chapter](life);
  await scenario.succeed(clusters.delete(clusterId));
  assert.deepEqual(await scenario.waitForSnapshot(namespace, NOTHING), NOTHING, 'after delete');
  await scenario.succeed(clusters.cease(clusterId));
  await assert.rejects(clusters.describe(clusterId), { code: 'CLUSTER_NOT_FOUND' });
}

const LIVED: Readonly<Record<Chapter, (life: Life) => Promise<void>>> = {
  async 'update-env'(life) {
    const { scenario, clusterId } = life;
    const settings = { 'podAnnotations.note': 'changed' };
    await scenario.succeed(scenario.client.clusters.updateEnv(clusterId, { settings }));
    life.revision += 1;
    await expectRelease(life, 'update');
  },

  async scale(life) {
    const { scenario, clusterId } = life;
    const role = await findRole(life);
    await scenario.succeed(scenario.client.clusters.addNodes(clusterId, { role, count: 2 }));
    life.revision += 1;
    life.pods += 2;
    await expectRelease(life, 'adding nodes');
    await scenario.succeed(scenario.client.clusters.deleteNodes(clusterId, { role, count: 1 }));
    life.revision += 1;
    life.pods -= 1;
    await expectRelease(life, 'deleting nodes');
  },

  async resize(life) {
    const { scenario, clusterId, namespace } = life;
    const sizes = [{ role: await findRole(life), cpu: 0.25, memoryMiB: 96 }];
    await scenario.succeed(scenario.client.clusters.resize(clusterId, { sizes }));
    life.revision += 1;
    await expectRelease(life, 'resize');
    const asked = await listRequests(scenario, namespace);
    assert.ok(asked.includes('250m 96Mi'), `after resize pods ask for ${asked.join(', ')}`);
  },

  async stop(life) {
    const { scenario, clusterId, namespace } = life;
    await scenario.succeed(scenario.client.clusters.stop(clusterId));
    const stopped = { pods: 0, readyPods: 0 };
    assert.deepEqual(await scenario.waitForSnapshot(namespace, stopped), stopped, 'after stop');
    await scenario.succeed(scenario.client.clusters.start(clusterId));
    await expectRelease(life, 'start');
  },

  async restart(life) {
    const { scenario, clusterId, namespace } = life;
    const before = await listPodIds(scenario, namespace);
    await scenario.succeed(scenario.client.clusters.restart(clusterId));
    await expectRelease(life, 'restart');
    const kept = (await listPodIds(scenario, namespace)).filter((id) => before.includes(id));
    assert.deepEqual(kept, [], 'pods that a restart has left as they were');
  },

  async upgrade(life) {
    const { scenario, clusterId, versions } = life;
    const { clusters } = scenario.client;
    await scenario.succeed(clusters.upgrade(clusterId, { app: versions[1] }));
    life.revision += 1;
    await expectRelease(life, 'upgrade');
    await expectImages(life, '2.0.0');
    assert.equal((await clusters.describe(clusterId)).versionId, versions[1]);
    await scenario.succeed(clusters.rollback(clusterId));
    life.revision += 1;
    await expectRelease(life, 'rollback');
    await expectImages(life, '1.0.0');
    assert.equal((await clusters.describe(clusterId)).versionId, versions[0]);
  },

  async recover(life) {
    const { scenario, clusterId, namespace, pods } = life;
    const { clusters } = scenario.client;
    await scenario.succeed(clusters.delete(clusterId));
    assert.deepEqual(await scenario.waitForSnapshot(namespace, NOTHING), NOTHING, 'after delete');
    await scenario.succeed(clusters.recover(clusterId));
    const recovered = { pods, readyPods: pods };
    assert.deepEqual(await scenario.waitForSnapshot(namespace, recovered), recovered, 'after recover');
    assert.equal((await snapshotNamespace(scenario.plane.api, namespace)).releases.length, 1);
    assert.equal((await clusters.describe(clusterId)).status, 'active');
  },
};

/** One release of the revision that is due, with so many pods, all ready. */
async function expectRelease(life: Life, what: string): Promise<void> {
  const { scenario, namespace, name, revision, pods } = life;
  const expected = { releases: [`${name} v${revision} deployed`], pods, readyPods: pods };
  assert.deepEqual(await scenario.waitForSnapshot(namespace, expected), expected, `after ${what}`);
}

async function expectImages({ scenario, namespace }: Life, version: string): Promise<void> {
  const images = await listImages(scenario.plane.api, namespace);
  assert.deepEqual(
    images.filter((image) => !image.endsWith(`:${version}`)),
    [],
  );
}

async function findRole({ scenario, clusterId, chart }: Life): Promise<string> {
  const { nodes } = await scenario.client.clusters.describe(clusterId);
  return nodes.find((node) => node.role.endsWith(SCALED_ROLE[chart]))?.role ?? '';
}

async function listPodIds(scenario: ChartScenario, namespace: string): Promise<readonly string[]> {
  const pods = await scenario.plane.api.list(`/api/v1/namespaces/${namespace}/pods`);
  return pods.map(({ metadata }) => metadata.uid ?? '');
}

/** `<cpu> <memory>` that each container asks for. */
async function listRequests(scenario: ChartScenario, namespace: string): Promise<readonly string[]> {
  const pods = await scenario.plane.api.list(`/api/v1/namespaces/${namespace}/pods`);
  return pods.flatMap(({ spec }) =>
    ((spec?.['containers'] ?? []) as { resources?: { requests?: Record<string, string> } }[]).map(
      ({ resources }) => `${resources?.requests?.['cpu'] ?? ''} ${resources?.requests?.['memory'] ?? ''}`,
    ),
  );
}
