import { beforeAll, expect, test } from 'vitest';
import type { Stores } from '../../../src/db/index.ts';
import { createLayer, flattenPlan } from '../../../src/plan/index.ts';
import { rejectedCodes } from '../../kit/outcomes.ts';
import { aCluster, aJob, aNode, aPlan, aRole, aRuntime, aTask, NOW } from '../../kit/sample-records.ts';
import { ONCE_ACTIONS, type Lease } from '../../../src/domain/index.ts';

const LATER = '2026-01-02T04:00:00.000Z';
const FAILURE = { kind: 'unavailable', code: 'CLOUD_DOWN', message: 'no answer' } as const;

/** Tasks: what an activity reads, and what it writes back. */
export function tasksSuite(stores: () => Stores): void {
  beforeAll(async () => {
    await stores().runtimes.create(aRuntime('tasks'), { keyId: 'k', sealed: Uint8Array.of(1, 2) });
  });

  const prepare = async (id: string, size = 2) => {
    const { clusters, jobs } = stores();
    const wrapper = aCluster(`cl-${id}`, 'rt-tasks', size);
    await clusters.create(wrapper);
    await jobs.open(aJob(`cl-${id}`, id, { runtimeId: 'rt-tasks' }), {
      from: ['pending'],
      status: 'creating',
    });
    const plan = [...aPlan(wrapper, ['RunInstances']), createLayer('metadata', [aTask(null)])];
    await jobs.storePlan(`job-${id}`, flattenPlan(plan), 1);
    return wrapper;
  };
  const claim = async (id: string, holder: string, leaseMs = 10_000) => {
    const [claimed] = await stores().ledger.claim({
      clusterId: `cl-${id}`,
      nodeId: `cl-${id}-n1`,
      jobId: `job-${id}`,
      holder,
      leaseMs,
      claims: [{ kind: 'instance', intent: 'make', spec: {} }],
    });
    if (claimed === undefined) throw new Error('nothing was claimed');
    return claimed;
  };

  test('loads a task with its own node and role and nothing more of the cluster', async () => {
    const wrapper = await prepare('context', 5);
    const { resource } = await claim('context', 'w');
    const loaded = await stores().tasks.loadWithContext('job-context.0.0');
    expect(loaded.task).toMatchObject(aTask('cl-context-n1'));
    expect(loaded.job).toEqual(aJob('cl-context', 'context', { runtimeId: 'rt-tasks' }));
    expect(loaded.runtime).toEqual(aRuntime('tasks'));
    expect(loaded.credential).toEqual({ keyId: 'k', sealed: Uint8Array.of(1, 2) });
    expect(loaded.cluster).toEqual({ ...wrapper.cluster, transitionStatus: 'creating' });
    expect(loaded.wrapper).toEqual({
      nodes: [aNode('cl-context', 1)],
      roles: [aRole('cl-context', 'main')],
    });
    expect(loaded.resources).toEqual([resource]);
    const whole = await stores().tasks.loadWithContext('job-context.1.0');
    expect(whole.wrapper).toEqual({ nodes: [], roles: [] });
    expect(whole.resources).toEqual([]);
    await expect(stores().tasks.loadWithContext('job-context.7.0')).rejects.toMatchObject({
      code: 'TASK_NOT_FOUND',
    });
  });

  test('begins once and counts failures', async () => {
    const { tasks } = stores();
    await prepare('begin');
    expect((await tasks.loadWithContext('job-begin.0.0')).task).toMatchObject({
      status: 'queued',
      startedAt: null,
    });
    expect((await tasks.loadWithContext('job-begin.0.0', NOW)).task).toMatchObject({
      status: 'working',
      startedAt: NOW,
    });
    expect((await tasks.loadWithContext('job-begin.0.0', LATER)).task).toMatchObject({ startedAt: NOW });
    await tasks.loadWithContext('job-begin.0.0', LATER);
    await tasks.recordFailure('job-begin.0.0', FAILURE);
    await tasks.recordFailure('job-begin.0.0', { ...FAILURE, message: 'half \uD800 and nul \0' });
    const [task] = await tasks.list('job-begin', 0);
    expect(task).toMatchObject({ status: 'working', startedAt: NOW, failures: 2 });
    expect(task?.error?.message).toBe('half \uFFFD and nul \uFFFD');
    await expect(tasks.loadWithContext('job-begin.9.9', NOW)).rejects.toMatchObject({
      code: 'TASK_NOT_FOUND',
    });
  });

  test('ends a task once, with everything it changed', async () => {
    const { tasks, clusters, ledger } = stores();
    await prepare('end');
    const { lease } = await claim('end', 'w');
    await tasks.loadWithContext('job-end.0.0', NOW);
    await tasks.recordFailure('job-end.0.0', FAILURE);
    await tasks.end('job-end.0.0', {
      status: 'successful',
      at: LATER,
      observation: 'it runs',
      changes: {
        resources: [{ token: lease.token, state: 'made', cloudId: 'i-1', attributes: { device: 'sdb' } }],
        node: { nodeId: 'cl-end-n1', change: { status: 'active', instanceId: 'i-1' } },
        metadata: { hosts: { main: { 'cl-end-n1': { ip: '10.0.0.1' } } } },
      },
    });
    await tasks.end('job-end.0.0', { status: 'failed', at: NOW, changes: { metadata: null } });
    const [task] = await tasks.list('job-end', 0);
    expect(task).toMatchObject({
      status: 'successful',
      endedAt: LATER,
      observation: 'it runs',
      error: null,
      failures: 1,
    });
    const { nodes } = await clusters.load('cl-end');
    expect(nodes[0]).toEqual({ ...aNode('cl-end', 1), status: 'active', instanceId: 'i-1' });
    expect(nodes[1]).toEqual(aNode('cl-end', 2));
    expect(await clusters.getMetadata('cl-end')).toEqual({
      hosts: { main: { 'cl-end-n1': { ip: '10.0.0.1' } } },
    });
    expect(await ledger.list('cl-end')).toMatchObject([
      { state: 'made', cloudId: 'i-1', attributes: { device: 'sdb' } },
    ]);
    await tasks.end('job-end.1.0', {
      status: 'failed',
      at: LATER,
      error: FAILURE,
      changes: { metadata: null },
    });
    expect(await clusters.getMetadata('cl-end')).toBeNull();
    expect((await tasks.list('job-end', 1))[0]).toMatchObject({
      status: 'failed',
      error: FAILURE,
      startedAt: LATER,
    });
  });

  test('tells what came of the tasks that are owed once, until a start has ended well', async () => {
    const { tasks, jobs } = stores();
    const id = 'cl-past';
    await stores().clusters.create(aCluster(id, 'rt-tasks', 0));
    const action = 'InitService' as const;
    const directive = { service: 'init', command: 'init.sh', commandTimeoutSeconds: 60, idempotent: false };
    const init = (label: string) => ({ ...aTask(null), action, label, directive });
    const open = async (name: string, change: Parameters<typeof aJob>[2], labels: readonly string[]) => {
      const job = aJob(id, name, { runtimeId: 'rt-tasks', ...change });
      await jobs.open(job, { from: ['pending', 'failed', 'active'], status: 'starting' });
      await jobs.storePlan(job.jobId, flattenPlan([createLayer('InitService', labels.map(init))]), 1);
      return job.jobId;
    };
    const close = (jobId: string, status: 'successful' | 'failed' | 'cancelled') =>
      jobs.close(jobId, { status, error: null, clusterStatus: 'failed', closedAt: LATER });
    const labels = ['done', 'failed', 'limit', 'unknown', 'other', 'cut off', 'unbegun'];
    const first = await open('past-1', { startedAt: '2026-01-01T01:00:00.000Z' }, labels);
    const fail = (index: number, code: string) =>
      tasks.end(`${first}.0.${index}`, {
        status: 'failed',
        at: NOW,
        error: { kind: 'conflict', code, message: '' },
      });
    await tasks.end(`${first}.0.0`, { status: 'successful', at: NOW });
    await fail(1, 'SERVICE_FAILED');
    await fail(2, 'SERVICE_TIMEOUT');
    await fail(3, 'COMMAND_OUTCOME_UNKNOWN');
    await fail(4, 'TRIED_TOO_LONG');
    await tasks.loadWithContext(`${first}.0.5`, NOW);
    await close(first, 'cancelled');
    const past = (await tasks.listPast(id, ONCE_ACTIONS)).map(({ label, end }) => `${label}: ${end}`);
    expect(past).toEqual([
      'done: done',
      'failed: failed',
      'limit: failed',
      'unknown: unknown',
      'other: unseen',
      'cut off: unseen',
      'unbegun: unbegun',
    ]);
    const again = await open('past-2', { action: 'start', startedAt: '2026-01-01T02:00:00.000Z' }, ['again']);
    await close(again, 'failed');
    expect(await tasks.listPast(id, ONCE_ACTIONS)).toHaveLength(labels.length + 1);
    const well = await open('past-3', { action: 'start', startedAt: '2026-01-01T03:00:00.000Z' }, ['well']);
    await tasks.end(`${well}.0.0`, { status: 'successful', at: NOW });
    await close(well, 'successful');
    expect(await tasks.listPast(id, ONCE_ACTIONS)).toEqual([
      { taskId: `${well}.0.0`, round: 0, nodeId: null, label: 'well', action, end: 'done' },
    ]);
    expect(await tasks.listPast('cl-absent', ONCE_ACTIONS)).toEqual([]);
  });

  test('a resource never goes back from made to intended or from gone to made', async () => {
    const { tasks, ledger } = stores();
    await prepare('back');
    const { lease } = await claim('back', 'w');
    const put = (state: 'intended' | 'made' | 'gone') =>
      tasks.applyChanges('job-back.0.0', { resources: [{ token: lease.token, state }] }, [lease]);
    await put('made');
    await put('intended');
    expect((await ledger.list('cl-back'))[0]?.state).toBe('made');
    await put('gone');
    await put('made');
    expect((await ledger.list('cl-back'))[0]?.state).toBe('gone');
    expect(await ledger.list('cl-back', { live: true })).toEqual([]);
  });

  test('begins the next generation of a row in the moment that gives it up, once', async () => {
    await prepare('next');
    const { tasks, ledger } = stores();
    const { lease, resource } = await claim('next', 'w');
    const attributes = { zone: 'elsewhere' };
    const changes = {
      resources: [{ token: lease.token, state: 'gone' }],
      next: [{ token: lease.token, attributes }],
    } as const;
    await tasks.applyChanges('job-next.0.0', changes, [lease]);
    await tasks.applyChanges('job-next.0.0', changes, [lease]);
    const token = resource.token.replace(/g1$/, 'g2');
    expect(await ledger.list('cl-next', { live: true })).toEqual([
      { ...resource, token, generation: 2, state: 'intended', attributes },
    ]);
    // Whoever comes next makes that one, for the specification of the first.
    await ledger.release([lease]);
    expect((await claim('next', 'w2')).resource).toMatchObject({ token, attributes });
  });

  test('begins no generation beside one that is not given up, or under a lost lease', async () => {
    await prepare('beside');
    const { tasks, ledger } = stores();
    const { lease, resource } = await claim('beside', 'w');
    const next = [{ token: lease.token, attributes: {} }];
    await tasks.applyChanges('job-beside.0.0', { next }, [lease]);
    const gone = { resources: [{ token: lease.token, state: 'gone' }], next } as const;
    await expect(
      tasks.applyChanges('job-beside.0.0', gone, [{ ...lease, fence: lease.fence + 1 }]),
    ).rejects.toMatchObject({ code: 'LEASE_LOST' });
    expect(await ledger.list('cl-beside')).toEqual([resource]);
  });

  test('stores nothing at all when one thing it names does not exist', async () => {
    const { tasks, clusters } = stores();
    await prepare('unknown');
    const node = { nodeId: 'cl-unknown-n1', change: { status: 'active' } } as const;
    await expect(
      tasks.applyChanges('job-unknown.0.0', { node, resources: [{ token: 'none', state: 'made' }] }, []),
    ).rejects.toMatchObject({ code: 'RESOURCE_NOT_FOUND' });
    await expect(
      tasks.applyChanges('job-unknown.0.0', { node: { ...node, nodeId: 'cl-end-n1' } }, []),
    ).rejects.toMatchObject({ code: 'NODE_NOT_FOUND' });
    expect((await clusters.load('cl-unknown')).nodes[0]?.status).toBe('pending');
  });

  test('refuses a write under an old fence, and keeps what the new holder wrote', async () => {
    const { tasks, ledger } = stores();
    await prepare('fence');
    const frozen = await claim('fence', 'frozen', 1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    const next = await claim('fence', 'next');
    expect(next.lease.fence).toBeGreaterThan(frozen.lease.fence);
    const write = (lease: Lease, cloudId: string) =>
      tasks.applyChanges('job-fence.0.0', { resources: [{ token: lease.token, state: 'made', cloudId }] }, [
        lease,
      ]);
    await write(next.lease, 'i-new');
    await expect(write(frozen.lease, 'i-old')).rejects.toMatchObject({
      kind: 'conflict',
      code: 'LEASE_LOST',
    });
    expect((await ledger.list('cl-fence'))[0]?.cloudId).toBe('i-new');
    const end = { status: 'successful', at: LATER, leases: [frozen.lease] } as const;
    await expect(tasks.end('job-fence.0.0', end)).rejects.toMatchObject({ code: 'LEASE_LOST' });
    expect((await tasks.list('job-fence', 0))[0]?.endedAt).toBeNull();
    await tasks.end('job-fence.0.0', { ...end, leases: [next.lease] });
    expect((await tasks.list('job-fence', 0))[0]?.status).toBe('successful');
  });

  test('gives leases back with what is stored under them, and only then', async () => {
    const { tasks, ledger } = stores();
    await prepare('free');
    const { resource, lease } = await claim('free', 'first');
    const made = { resources: [{ token: resource.token, state: 'made', cloudId: 'i-1' }] } as const;
    await tasks.applyChanges('job-free.0.0', made, [lease]);
    await ledger.assertHeld(lease);
    const old = { ...lease, fence: 0 };
    await expect(tasks.applyChanges('job-free.0.0', {}, [old], true)).rejects.toMatchObject({
      code: 'LEASE_LOST',
    });
    await ledger.assertHeld(lease);
    await tasks.applyChanges('job-free.0.0', {}, [lease], true);
    await expect(ledger.assertHeld(lease)).rejects.toMatchObject({ code: 'LEASE_LOST' });
    const next = await claim('free', 'second');
    expect(next.lease.fence).toBe(2);
    expect(next.resource).toMatchObject({ state: 'made', cloudId: 'i-1' });
    const end = { status: 'successful', at: LATER, leases: [next.lease], release: true } as const;
    expect(await tasks.end('job-free.0.0', end)).toBe(true);
    expect(await tasks.end('job-free.0.0', end)).toBe(false);
    await expect(ledger.assertHeld(next.lease)).rejects.toMatchObject({ code: 'LEASE_LOST' });
  });

  test('does nothing more for a job that is closed', async () => {
    const { tasks, jobs, clusters } = stores();
    await prepare('shut');
    await jobs.close('job-shut', {
      status: 'cancelled',
      error: null,
      clusterStatus: 'failed',
      closedAt: LATER,
    });
    const refusal = { kind: 'conflict', code: 'JOB_NOT_OPEN' };
    const changes = { node: { nodeId: 'cl-shut-n1', change: { status: 'active' } } } as const;
    await expect(tasks.loadWithContext('job-shut.0.0')).rejects.toMatchObject(refusal);
    await expect(tasks.applyChanges('job-shut.0.0', changes, [])).rejects.toMatchObject(refusal);
    await expect(
      tasks.end('job-shut.0.0', { status: 'successful', at: LATER, changes }),
    ).rejects.toMatchObject(refusal);
    expect((await tasks.list('job-shut', 0))[0]?.status).toBe('skipped');
    expect((await clusters.load('cl-shut')).nodes[0]?.status).toBe('pending');
  });

  test('a job that closes while its tasks end leaves none of them half stored', async () => {
    const { tasks, jobs, clusters } = stores();
    const wrapper = await prepare('both', 20);
    const end = { status: 'cancelled', error: null, clusterStatus: 'failed', closedAt: LATER } as const;
    const outcomes = await Promise.allSettled([
      ...wrapper.nodes.map((node, index) =>
        tasks.end(`job-both.0.${index}`, {
          status: 'successful',
          at: NOW,
          changes: { node: { nodeId: node.nodeId, change: { status: 'active' } } },
        }),
      ),
      jobs.close('job-both', end),
    ]);
    expect(rejectedCodes(outcomes).filter((code) => code !== 'JOB_NOT_OPEN')).toEqual([]);
    const rows = await tasks.list('job-both', 0);
    const { nodes } = await clusters.load('cl-both');
    expect(rows.map((task) => task.status === 'successful')).toEqual(
      nodes.map((node) => node.status === 'active'),
    );
  });
}
