import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { StartedJob } from '../../src/client/index.ts';
import { openStores, type Stores } from '../../src/db/index.ts';
import type { ClusterView, JobView } from '../../src/protocol/index.ts';
import type { InstantProviderOptions } from '../fakes/instant-provider.ts';
import { startStack, type TestStack } from '../kit/stack.ts';

// The engine's part of every action that changes a cluster; the provider's is played.
const PACKAGE = fileURLToPath(new URL('../fixtures/packages/instant', import.meta.url));

let stack: TestStack;
let stores: Stores;
let folder: string;

beforeAll(async () => {
  stack = await startStack();
  folder = mkdtempSync(join(tmpdir(), 'windlass-changes-'));
  const provider: InstantProviderOptions = {
    changes: true,
    handles: 'done',
    room: 4,
    failOn: {
      action: 'ResizeInstances',
      error: { kind: 'permission', code: 'INSTANT_REFUSES', message: 'no' },
    },
  };
  await stack.startWorker({ WINDLASS_TEST_INSTANT: JSON.stringify(provider) });
  await stack.client.runtimes.create({ name: 'instant', provider: 'instant', zone: 'instant-1' });
  await stack.client.runtimes.create({ name: 'local', provider: 'local', zone: 'local-1' });
  stores = openStores({ databaseUrl: stack.databaseUrl, maxConnections: 2 });
}, 120_000);
vi.setConfig({ testTimeout: 120_000 });
afterAll(async () => {
  await stores?.close();
  await stack?.stop();
  rmSync(folder, { recursive: true, force: true });
}, 180_000);

/** The package in another version, with another default for the number of CPUs. */
function writeVersion(version: string, name = 'instant'): string {
  const path = join(folder, `${name}-${version}`);
  cpSync(PACKAGE, path, { recursive: true });
  writeFileSync(join(path, 'package.json'), JSON.stringify({ name, version }));
  const template = readFileSync(join(path, 'cluster.json.mustache'), 'utf8');
  writeFileSync(join(path, 'cluster.json.mustache'), template.replace('"cpu": 1', '"cpu": 2'));
  return path;
}

async function end(job: Promise<StartedJob>): Promise<JobView> {
  const { jobId, clusterId } = await job;
  return stack.client.jobs.wait(jobId, { clusterId, pollMs: 300, timeoutMs: 60_000 });
}

async function succeed(job: Promise<StartedJob>): Promise<JobView> {
  const view = await end(job);
  expect(view.error).toBeNull();
  expect(view.status).toBe('successful');
  return view;
}

async function create(name: string, count = 1): Promise<string> {
  const { clusterId } = await succeed(
    stack.client.clusters.create({
      app: PACKAGE,
      runtime: 'instant',
      name,
      settings: { 'cluster.count': String(count) },
    }),
  );
  return clusterId;
}

const describeCluster = (clusterId: string): Promise<ClusterView> =>
  stack.client.clusters.describe(clusterId);
const tasksOf = (job: JobView): string[] =>
  job.layers.flatMap((layer) => layer.tasks.map((task) => `${task.action} ${task.label}`));

test('an upgrade is stored before it is made, and a rollback takes it back once', async () => {
  const { clusters } = stack.client;
  const clusterId = await create('upgraded');
  const before = await describeCluster(clusterId);
  const upgrade = await succeed(
    clusters.upgrade(clusterId, { app: writeVersion('2.0.0'), settings: { 'cluster.description': 'newer' } }),
  );
  expect(tasksOf(upgrade)).toEqual(['UpgradeService node 1']);
  const after = await describeCluster(clusterId);
  expect(after).toMatchObject({ status: 'active', transitionStatus: null, nodes: before.nodes });
  expect(after.versionId).not.toBe(before.versionId);
  const stored = await stores.clusters.load(clusterId);
  expect(stored.roles.map((role) => role.cpu)).toEqual([2]);
  expect(stored.cluster).toMatchObject({
    conf: { cluster: { count: 1, description: 'newer' } },
    previous: { versionId: before.versionId, conf: { cluster: { count: 1 } } },
  });

  await succeed(clusters.rollback(clusterId));
  const back = await stores.clusters.load(clusterId);
  expect(back.cluster).toMatchObject({
    versionId: before.versionId,
    conf: { cluster: { count: 1 } },
    previous: null,
  });
  expect(back.roles.map((role) => role.cpu)).toEqual([1]);
  await expect(clusters.rollback(clusterId)).rejects.toMatchObject({ code: 'NOTHING_TO_ROLL_BACK' });
});

test('what an upgrade cannot be is refused before a job exists', async () => {
  const { clusters } = stack.client;
  const clusterId = await create('refusing');
  const started = (await stack.client.jobs.list({ clusterId })).length;
  await expect(clusters.upgrade(clusterId, { app: 'nowhere' })).rejects.toMatchObject({
    code: 'APP_NOT_FOUND',
  });
  await expect(clusters.upgrade(clusterId, { app: writeVersion('1.0.0', 'other') })).rejects.toMatchObject({
    code: 'UPGRADE_OTHER_APP',
  });
  await expect(clusters.updateEnv(clusterId, { conf: { cluster: { count: 'many' } } })).rejects.toMatchObject(
    { code: 'CONF_INVALID' },
  );
  await expect(clusters.updateEnv(clusterId, {})).rejects.toMatchObject({
    code: 'JOB_OPTIONS',
    field: 'conf',
  });
  await expect(clusters.addNodes(clusterId, { role: 'none', count: 1 })).rejects.toMatchObject({
    code: 'JOB_OPTIONS',
    field: 'role',
  });
  await expect(clusters.deleteNodes(clusterId, { nodeIds: ['cln-none'] })).rejects.toMatchObject({
    code: 'JOB_OPTIONS',
    field: 'nodeIds',
  });
  await expect(clusters.recover(clusterId)).rejects.toMatchObject({ code: 'CLUSTER_STATUS' });
  await expect(clusters.cease(clusterId)).rejects.toMatchObject({ code: 'CLUSTER_STATUS' });
  expect(await stack.client.jobs.list({ clusterId })).toHaveLength(started);
});

test('a provider that cannot do an action is not asked to parse for it', async () => {
  const { clusters } = stack.client;
  const clusterId = 'cl-of-machines';
  const { cluster, roles, nodes, links } = await stores.clusters.load(await create('template', 1));
  const local = await stack.client.runtimes.describe('local');
  await stores.clusters.create({
    cluster: { ...cluster, clusterId, runtimeId: local.runtimeId, status: 'active', name: 'machines' },
    roles: roles.map((role) => ({ ...role, clusterId })),
    nodes: nodes.map((node) => ({ ...node, clusterId, nodeId: 'cln-machine' })),
    links,
  });
  const refusal = { kind: 'invalid-input', code: 'ACTION_NOT_SUPPORTED' };
  await expect(clusters.addNodes(clusterId, { role: 'node', count: 1 })).rejects.toMatchObject(refusal);
  await expect(clusters.upgrade(clusterId, { app: writeVersion('2.0.0') })).rejects.toMatchObject(refusal);
  await expect(clusters.restart(clusterId)).rejects.toMatchObject(refusal);
  expect(await stack.client.jobs.list({ clusterId })).toEqual([]);
});

test('nodes come and go; those that leave are stored until they are gone', async () => {
  const { clusters } = stack.client;
  const clusterId = await create('scaled', 2);
  const added = await succeed(clusters.addNodes(clusterId, { role: 'node', count: 2 }));
  expect(tasksOf(added)).toEqual(['RunInstances node 3', 'RunInstances node 4']);
  const four = await describeCluster(clusterId);
  expect(four.nodes.map(({ serverId, status }) => [serverId, status])).toEqual(
    [1, 2, 3, 4].map((serverId) => [serverId, 'active']),
  );
  const second = four.nodes[1]?.nodeId ?? '';
  const removed = await succeed(clusters.deleteNodes(clusterId, { nodeIds: [second] }));
  expect(tasksOf(removed)).toEqual(['DeleteInstances node 2']);
  expect((await describeCluster(clusterId)).nodes.map(({ serverId }) => serverId)).toEqual([1, 3, 4]);
  expect(
    (await stores.ledger.list(clusterId, { live: true })).some(
      ({ nodeId, kind }) => nodeId === second && kind === 'instance',
    ),
  ).toBe(false);
  await succeed(clusters.restart(clusterId, { roles: ['node'] }));

  // The conf still says 2: what was changed by hand stays through an update.
  const updated = await succeed(
    clusters.updateEnv(clusterId, { conf: { cluster: { description: 'newer' } } }),
  );
  expect(tasksOf(updated)).toEqual([1, 3, 4].map((serverId) => `RefreshConfiguration node ${serverId}`));
  expect((await describeCluster(clusterId)).nodes.map(({ serverId }) => serverId)).toEqual([1, 3, 4]);
});

test('a change that fails before its first effect leaves the cluster as it was', async () => {
  const { clusters } = stack.client;
  const clusterId = await create('unchanged');
  const before = await stores.clusters.load(clusterId);
  const view = await end(clusters.addNodes(clusterId, { role: 'node', count: 9 }));
  expect(view).toMatchObject({ status: 'failed', error: { code: 'INSTANT_ROOM' } });
  expect(await stores.clusters.load(clusterId)).toEqual(before);
  await succeed(clusters.addNodes(clusterId, { role: 'node', count: 2 }));
});

test('a change that fails after its first effect is what the cluster shall be from then on', async () => {
  const { clusters } = stack.client;
  const clusterId = await create('half-changed');
  const view = await end(clusters.resize(clusterId, { sizes: [{ role: 'node', cpu: 4 }] }));
  expect(view).toMatchObject({ status: 'failed', error: { code: 'INSTANT_REFUSES' } });
  const { cluster, roles } = await stores.clusters.load(clusterId);
  expect(cluster).toMatchObject({ status: 'failed', transitionStatus: null });
  expect(roles.map((role) => role.cpu)).toEqual([4]);
  await succeed(clusters.recover(clusterId));
  expect((await describeCluster(clusterId)).status).toBe('active');
});

test('a deleted cluster can be brought back, and forgotten for good', async () => {
  const { clusters, apps } = stack.client;
  const clusterId = await create('forgotten');
  await succeed(clusters.upgrade(clusterId, { app: writeVersion('3.0.0') }));
  const newest = (await describeCluster(clusterId)).versionId;
  await succeed(clusters.delete(clusterId));
  await succeed(clusters.recover(clusterId));
  expect((await describeCluster(clusterId)).status).toBe('active');
  await succeed(clusters.delete(clusterId));
  const ceased = await succeed(clusters.cease(clusterId));
  expect(ceased.action).toBe('cease');
  await expect(describeCluster(clusterId)).rejects.toMatchObject({ code: 'CLUSTER_NOT_FOUND' });
  expect(await stack.client.jobs.list({ clusterId })).toEqual([]);
  expect(await stores.secrets.list(clusterId)).toEqual([]);
  // No cluster runs it any more, but no newer version has followed it.
  expect((await apps.list()).map(({ versionId }) => versionId)).toContain(newest);
});
