import assert from 'node:assert/strict';
import type { ChartLane, ChartName } from './chart-lane.ts';
import { listImages, NOTHING, surveyNamespace } from './survey-release.ts';

/** How many pods a chart's default values ask for. */
export const PODS: Readonly<Record<ChartName, number>> = { web: 2, store: 2, hooked: 4 };

/** The name of the role that is scaled; a DaemonSet has a pod on every node anyway. */
const SCALED_ROLE: Readonly<Record<ChartName, string>> = { web: 'web', store: 'store', hooked: 'operator' };

/**
 * The whole life of one chart: every action there is, after each of which the API server is asked
 * what is there. Throws what differs.
 */
export async function liveThrough(lane: ChartLane, chart: ChartName): Promise<void> {
  const { clusters } = lane.client;
  const namespace = await lane.openRuntime();
  const [first, second] = await Promise.all([lane.register(chart, '1.0.0'), lane.register(chart, '2.0.0')]);
  const name = `${chart}-life`;
  const pods = PODS[chart];
  /** One release of that revision, with so many pods, all ready. */
  const expectRelease = async (what: string, revision: number, wanted: number): Promise<void> => {
    const expected = { releases: [`${name} v${revision} deployed`], pods: wanted, readyPods: wanted };
    assert.deepEqual(await lane.surveyUntil(namespace, expected), expected, `after ${what}`);
  };
  const expectImages = async (version: string): Promise<void> => {
    const images = await listImages(lane.plane.api, namespace);
    assert.deepEqual(
      images.filter((image) => !image.endsWith(`:${version}`)),
      [],
    );
  };

  const { clusterId } = await lane.succeed(clusters.create({ app: first, runtime: namespace, name }));
  await expectRelease('create', 1, pods);
  await expectImages('1.0.0');
  const { nodes } = await clusters.describe(clusterId);
  assert.equal(nodes.length, chart === 'hooked' ? nodes.length : pods);
  const role = nodes.find((node) => node.role.endsWith(SCALED_ROLE[chart]))?.role ?? '';

  await lane.succeed(clusters.updateEnv(clusterId, { settings: { 'podAnnotations.note': 'changed' } }));
  await expectRelease('update', 2, pods);

  await lane.succeed(clusters.addNodes(clusterId, { role, count: 2 }));
  await expectRelease('adding nodes', 3, pods + 2);
  await lane.succeed(clusters.deleteNodes(clusterId, { role, count: 1 }));
  await expectRelease('deleting nodes', 4, pods + 1);

  await lane.succeed(clusters.resize(clusterId, { sizes: [{ role, cpu: 0.25, memoryMiB: 96 }] }));
  await expectRelease('resize', 5, pods + 1);
  const asked = await listRequests(lane, namespace);
  assert.ok(asked.includes('250m 96Mi'), `after resize pods ask for ${asked.join(', ')}`);

  await lane.succeed(clusters.stop(clusterId));
  const stopped = { pods: 0, readyPods: 0 };
  assert.deepEqual(await lane.surveyUntil(namespace, stopped), stopped, 'after stop');
  await lane.succeed(clusters.start(clusterId));
  await expectRelease('start', 5, pods + 1);

  const before = await listPodIds(lane, namespace);
  await lane.succeed(clusters.restart(clusterId));
  await expectRelease('restart', 5, pods + 1);
  const kept = (await listPodIds(lane, namespace)).filter((id) => before.includes(id));
  assert.deepEqual(kept, [], 'pods that a restart has left as they were');

  await lane.succeed(clusters.upgrade(clusterId, { app: second }));
  await expectRelease('upgrade', 6, pods + 1);
  await expectImages('2.0.0');
  assert.equal((await clusters.describe(clusterId)).versionId, second);
  await lane.succeed(clusters.rollback(clusterId));
  await expectRelease('rollback', 7, pods + 1);
  await expectImages('1.0.0');
  assert.equal((await clusters.describe(clusterId)).versionId, first);

  await lane.succeed(clusters.delete(clusterId));
  assert.deepEqual(await lane.surveyUntil(namespace, NOTHING), NOTHING, 'after delete');
  await lane.succeed(clusters.recover(clusterId));
  const recovered = { pods: pods + 1, readyPods: pods + 1 };
  assert.deepEqual(await lane.surveyUntil(namespace, recovered), recovered, 'after recover');
  assert.equal((await surveyNamespace(lane.plane.api, namespace)).releases.length, 1);
  assert.equal((await clusters.describe(clusterId)).status, 'active');
  await lane.succeed(clusters.delete(clusterId));
  await lane.succeed(clusters.cease(clusterId));
  assert.deepEqual(await lane.surveyUntil(namespace, NOTHING), NOTHING, 'after cease');
  await assert.rejects(clusters.describe(clusterId), { code: 'CLUSTER_NOT_FOUND' });
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
