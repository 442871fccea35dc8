import { expect, test } from 'vitest';
import type { Stores } from '../../../src/db/index.ts';
import { NOTHING_RESERVED } from '../../../src/domain/index.ts';
import { rejectedCodes } from '../../kit/outcomes.ts';
import { flattenPlan } from '../../../src/plan/index.ts';
import { aCluster, aJob, aNode, aPlan, aRole, aRuntime, NOW } from '../../kit/sample-records.ts';

/** Clusters, their nodes, and what they have reserved. */
export function clustersSuite(stores: () => Stores): void {
  test('gives back a cluster with all that belongs to it, in order', async () => {
    const { clusters } = stores();
    const { runtimeId } = await stores().runtimes.create(aRuntime('clusters'), null);
    const wrapper = aCluster('cl-whole', runtimeId, 12);
    const two = { ...wrapper, roles: [aRole('cl-whole', 'z first'), ...wrapper.roles] };
    await clusters.create(two);
    await clusters.create(aCluster('cl-whole', runtimeId, 1));
    expect(await clusters.load('cl-whole')).toEqual(two);
    await expect(clusters.load('cl-none')).rejects.toMatchObject({
      kind: 'not-found',
      code: 'CLUSTER_NOT_FOUND',
    });
  });

  test('gives a name to one living cluster, however many ask for it at once', async () => {
    const { clusters, jobs } = stores();
    const ids = ['cl-na', 'cl-nb', 'cl-nc', 'cl-nd'];
    const ask = (id: string): Promise<void> =>
      clusters.create(aCluster(id, 'rt-clusters', 1, { name: 'one', status: 'active' }));
    const outcomes = await Promise.allSettled(ids.map(ask));
    const winner = ids[outcomes.findIndex(({ status }) => status === 'fulfilled')] ?? 'none';
    expect(rejectedCodes(outcomes)).toEqual(Array(3).fill('CLUSTER_NAME_TAKEN'));
    expect((await clusters.resolve('one')).clusterId).toBe(winner);
    const loser = ids.find((id) => id !== winner) ?? '';
    await expect(clusters.load(loser)).rejects.toMatchObject({ code: 'CLUSTER_NOT_FOUND' });
    await expect(ask(loser)).rejects.toMatchObject({
      kind: 'conflict',
      code: 'CLUSTER_NAME_TAKEN',
      message: expect.stringContaining(winner) as string,
    });
    await expect(clusters.requireFreeName('one', loser)).rejects.toMatchObject({ field: 'name' });
    await clusters.requireFreeName('one', winner);
    await ask(winner);
    expect(await clusters.listNamesLike('one', loser)).toEqual(new Set(['one']));
    expect(await clusters.listNamesLike('on', loser)).toEqual(new Set());

    // A deleted cluster leaves its name, and gets it back only while no other cluster has it.
    await clusters.setStatus(winner, { status: 'deleted' });
    const recovering = { from: ['deleted'], status: 'recovering' } as const;
    const recover = (id: string) => aJob(winner, id, { runtimeId: 'rt-clusters', action: 'recover' });
    await jobs.open(recover('name-back'), recovering);
    await expect(ask(loser)).rejects.toMatchObject({ code: 'CLUSTER_NAME_TAKEN' });
    await jobs.close('job-name-back', {
      status: 'failed',
      error: null,
      clusterStatus: 'deleted',
      closedAt: NOW,
    });
    await ask(loser);
    await expect(jobs.open(recover('name-gone'), recovering)).rejects.toMatchObject({
      code: 'CLUSTER_NAME_TAKEN',
    });
    expect((await clusters.resolve('one')).clusterId).toBe(loser);
    expect((await clusters.resolve(winner)).clusterId).toBe(winner);
    await expect(clusters.resolve('nobody')).rejects.toMatchObject({ kind: 'not-found' });
  });

  test('lists live clusters, and deleted ones when asked', async () => {
    const { clusters } = stores();
    const createdAt = '2032-01-01T00:00:00.000Z';
    await clusters.create(aCluster('cl-live', 'rt-clusters', 2, { createdAt }));
    await clusters.create(aCluster('cl-dead', 'rt-clusters', 2, { createdAt, status: 'deleted' }));
    const live = await clusters.list({ limit: 1 });
    expect(live[0]).toMatchObject({ clusterId: 'cl-live', nodeCount: 2, runtimeName: 'runtime clusters' });
    const all = await clusters.list({ limit: 2, includeDeleted: true });
    expect(all.map((cluster) => cluster.clusterId)).toEqual(['cl-live', 'cl-dead']);
  });

  test('changes of nodes touch only the fields they name, all or none', async () => {
    const { clusters } = stores();
    await clusters.create(aCluster('cl-nodes', 'rt-clusters', 2));
    const first = aNode('cl-nodes', 1);
    await clusters.updateNodes('cl-nodes', [
      { nodeId: first.nodeId, change: { status: 'active', privateIp: '10.0.0.1' } },
      { nodeId: 'cl-nodes-n2', change: { volumes: [] } },
    ]);
    await expect(
      clusters.updateNodes('cl-nodes', [
        { nodeId: first.nodeId, change: { status: 'lost' } },
        { nodeId: 'cl-whole-n1', change: { status: 'lost' } },
      ]),
    ).rejects.toMatchObject({ code: 'NODE_NOT_FOUND' });
    const { nodes } = await clusters.load('cl-nodes');
    expect(nodes).toEqual([
      { ...first, status: 'active', privateIp: '10.0.0.1' },
      { ...aNode('cl-nodes', 2), volumes: [] },
    ]);
  });

  test('shows a cluster the trees of those that it links to, in its own runtime alone', async () => {
    const { clusters, jobs, tasks, runtimes } = stores();
    await runtimes.create(aRuntime('foreign'), null);
    async function register(clusterId: string, runtimeId: string, targets: readonly string[]): Promise<void> {
      const links = targets.map((targetClusterId) => ({ clusterId, name: targetClusterId, targetClusterId }));
      const wrapper = { ...aCluster(clusterId, runtimeId, 1), links };
      await clusters.create(wrapper);
      await jobs.open(aJob(clusterId, clusterId), { from: ['pending'], status: 'creating' });
      await jobs.storePlan(`job-${clusterId}`, flattenPlan(aPlan(wrapper)), 1);
      await tasks.applyChanges(`job-${clusterId}.0.0`, { metadata: { cluster: { id: clusterId } } }, []);
    }
    await register('cl-linked', 'rt-clusters', []);
    await register('cl-neighbour', 'rt-clusters', []);
    await register('cl-foreign', 'rt-foreign', []);
    await register('cl-linking', 'rt-clusters', ['cl-linked', 'cl-foreign']);
    const seen = await clusters.listMetadata('cl-linking', { neighbours: false });
    expect(seen).toMatchObject([
      { clusterId: 'cl-linked', links: ['cl-linked'] },
      { clusterId: 'cl-linking', links: [] },
    ]);
    const all = await clusters.listMetadata('cl-linking', { neighbours: true });
    expect(all.map(({ clusterId }) => clusterId)).toEqual(['cl-linked', 'cl-linking', 'cl-neighbour']);
  });

  test('counts as reserved what open jobs will make and have not made', async () => {
    const { clusters, jobs, ledger, tasks, runtimes } = stores();
    const runtime = await runtimes.create(aRuntime('reserved', { account: 'acc', region: 'reg' }), null);
    const scope = { provider: runtime.provider, account: 'acc', region: 'reg' };
    const wrapper = aCluster('cl-reserved', runtime.runtimeId, 2);
    await clusters.create({
      ...wrapper,
      nodes: [...wrapper.nodes, aNode('cl-reserved', 3, { role: 'main-replica', isReplica: true })],
    });
    expect(await clusters.reservedBy(scope, '')).toEqual(NOTHING_RESERVED);

    await jobs.open(aJob('cl-reserved', 'reserved'), { from: ['pending'], status: 'creating' });
    const all = { instances: 3, cpu: 6, memoryMiB: 6144, gpu: 0, volumes: 6, volumeGiB: 120 };
    expect(await clusters.reservedBy(scope, '')).toEqual(all);
    expect(await clusters.reservedBy(scope, 'cl-reserved')).toEqual(NOTHING_RESERVED);
    expect(await clusters.reservedBy({ ...scope, account: 'other' }, '')).toEqual(NOTHING_RESERVED);

    await jobs.storePlan('job-reserved', flattenPlan(aPlan(wrapper)), 1);
    const [claimed] = await ledger.claim({
      clusterId: 'cl-reserved',
      nodeId: 'cl-reserved-n1',
      jobId: 'job-reserved',
      holder: 'w',
      leaseMs: 1000,
      claims: [
        { kind: 'instance', intent: 'make', spec: {} },
        { kind: 'volume-1', intent: 'make', spec: {} },
      ],
    });
    expect(await clusters.reservedBy(scope, '')).toEqual(all);
    const token = claimed?.resource.token ?? '';
    await tasks.applyChanges('job-reserved.0.0', { resources: [{ token, state: 'made' }] }, []);
    const less = { ...all, instances: 2, cpu: 4, memoryMiB: 4096 };
    expect(await clusters.reservedBy(scope, '')).toEqual(less);

    await jobs.close('job-reserved', {
      status: 'failed',
      error: null,
      clusterStatus: 'failed',
      closedAt: NOW,
    });
    expect(await clusters.reservedBy(scope, '')).toEqual(NOTHING_RESERVED);
    await jobs.open(aJob('cl-reserved', 'unreserved', { action: 'delete' }), {
      from: ['failed'],
      status: 'deleting',
    });
    expect(await clusters.reservedBy(scope, '')).toEqual(NOTHING_RESERVED);
  });
}
