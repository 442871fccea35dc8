import assert from 'node:assert/strict';
import type { ChartLane, ChartName } from './chart-lane.ts';
import { listImages, NOTHING, surveyNamespace } from './survey-release.ts';

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
  readonly lane: ChartLane;
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
export async function liveThrough(lane: ChartLane, chart: ChartName, whole: boolean): Promise<void> {
  const { clusters } = lane.client;
  const namespace = await lane.openRuntime();
  const versions = await Promise.all([lane.register(chart, '1.0.0'), lane.register(chart, '2.0.0')]);
  const name = `${chart}-life`;
  const { clusterId } = await lane.succeed(clusters.create({ app: versions[0], runtime: namespace, name }));
  const life: Life = {
    lane,
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
  await lane.succeed(clusters.delete(clusterId));
  assert.deepEqual(await lane.surveyUntil(namespace, NOTHING), NOTHING, 'after delete');
  await lane.succeed(clusters.cease(clusterId));
  await assert.rejects(clusters.describe(clusterId), { code: 'CLUSTER_NOT_FOUND' });
}

const LIVED: Readonly<Record<Chapter, (life: Life) => Promise<void>>> = {
  async 'update-env'(life) {
    const { lane, clusterId } = life;
    const settings = { 'podAnnotations.note': 'changed' };
    await lane.succeed(lane.client.clusters.updateEnv(clusterId, { settings }));
    life.revision += 1;
    await expectRelease(life, 'update');
  },

  async scale(life) {
    const { lane, clusterId } = life;
    const role = await findRole(life);
    await lane.succeed(lane.client.clusters.addNodes(clusterId, { role, count: 2 }));
    life.revision += 1;
    life.pods += 2;
    await expectRelease(life, 'adding nodes');
    await lane.succeed(lane.client.clusters.deleteNodes(clusterId, { role, count: 1 }));
    life.revision += 1;
    life.pods -= 1;
    await expectRelease(life, 'deleting nodes');
  },

  async resize(life) {
    const { lane, clusterId, namespace } = life;
    const sizes = [{ role: await findRole(life), cpu: 0.25, memoryMiB: 96 }];
    await lane.succeed(lane.client.clusters.resize(clusterId, { sizes }));
    life.revision += 1;
    await expectRelease(life, 'resize');
    const asked = await listRequests(lane, namespace);
    assert.ok(asked.includes('250m 96Mi'), `after resize pods ask for ${asked.join(', ')}`);
  },

  async stop(life) {
    const { lane, clusterId, namespace } = life;
    await lane.succeed(lane.client.clusters.stop(clusterId));
    const stopped = { pods: 0, readyPods: 0 };
    assert.deepEqual(await lane.surveyUntil(namespace, stopped), stopped, 'after stop');
    await lane.succeed(lane.client.clusters.start(clusterId));
    await expectRelease(life, 'start');
  },

  async restart(life) {
    const { lane, clusterId, namespace } = life;
    const before = await listPodIds(lane, namespace);
    await lane.succeed(lane.client.clusters.restart(clusterId));
    await expectRelease(life, 'restart');
    const kept = (await listPodIds(lane, namespace)).filter((id) => before.includes(id));
    assert.deepEqual(kept, [], 'pods that a restart has left as they were');
  },

  async upgrade(life) {
    const { lane, clusterId, versions } = life;
    const { clusters } = lane.client;
    await lane.succeed(clusters.upgrade(clusterId, { app: versions[1] }));
    life.revision += 1;
    await expectRelease(life, 'upgrade');
    await expectImages(life, '2.0.0');
    assert.equal((await clusters.describe(clusterId)).versionId, versions[1]);
    await lane.succeed(clusters.rollback(clusterId));
    life.revision += 1;
    await expectRelease(life, 'rollback');
    await expectImages(life, '1.0.0');
    assert.equal((await clusters.describe(clusterId)).versionId, versions[0]);
  },

  async recover(life) {
    const { lane, clusterId, namespace, pods } = life;
    const { clusters } = lane.client;
    await lane.succeed(clusters.delete(clusterId));
    assert.deepEqual(await lane.surveyUntil(namespace, NOTHING), NOTHING, 'after delete');
    await lane.succeed(clusters.recover(clusterId));
    const recovered = { pods, readyPods: pods };
    assert.deepEqual(await lane.surveyUntil(namespace, recovered), recovered, 'after recover');
    assert.equal((await surveyNamespace(lane.plane.api, namespace)).releases.length, 1);
    assert.equal((await clusters.describe(clusterId)).status, 'active');
  },
};

/** One release of the revision that is due, with so many pods, all ready. */
async function expectRelease(life: Life, what: string): Promise<void> {
  const { lane, namespace, name, revision, pods } = life;
  const expected = { releases: [`${name} v${revision} deployed`], pods, readyPods: pods };
  assert.deepEqual(await lane.surveyUntil(namespace, expected), expected, `after ${what}`);
}

async function expectImages({ lane, namespace }: Life, version: string): Promise<void> {
  const images = await listImages(lane.plane.api, namespace);
  assert.deepEqual(
    images.filter((image) => !image.endsWith(`:${version}`)),
    [],
  );
}

async function findRole({ lane, clusterId, chart }: Life): Promise<string> {
  const { nodes } = await lane.client.clusters.describe(clusterId);
  return nodes.find((node) => node.role.endsWith(SCALED_ROLE[chart]))?.role ?? '';
}

async function listPodIds(lane: ChartLane, namespace: string): Promise<readonly string[]> {
  const pods = await lane.plane.api.list(`/api/v1/namespaces/${namespace}/pods`);
  return pods.map(({ metadata }) => metadata.uid ?? '');
}

/** `<cpu> <memory>` that each container asks for. */
async function listRequests(lane: ChartLane, namespace: string): Promise<readonly string[]> {
  const pods = await lane.plane.api.list(`/api/v1/namespaces/${namespace}/pods`);
  return pods.flatMap(({ spec }) =>
    ((spec?.['containers'] ?? []) as { resources?: { requests?: Record<string, string> } }[]).map(
      ({ resources }) => `${resources?.requests?.['cpu'] ?? ''} ${resources?.requests?.['memory'] ?? ''}`,
    ),
  );
}
