import { setTimeout } from 'node:timers/promises';
import { beforeAll, expect, test } from 'vitest';
import type { Stores, TaskEnd } from '../../../src/db/index.ts';
import type { JobAction, ResourceSpec, LeaseRequest } from '../../../src/domain/index.ts';
import { createLayer, flattenPlan } from '../../../src/plan/index.ts';
import { aCluster, aJob, aPlan, aRuntime, aTask, NOW } from '../../kit/sample-records.ts';

const SMALL = { cpu: 1, volumes: [10] };
const LARGE = { cpu: 4, volumes: [10] };

function make(spec: ResourceSpec): LeaseRequest['claims'] {
  return [{ kind: 'instance', intent: 'make', spec }];
}

/** The ledger: who may work on a resource, and which generation of it. */
export function ledgerSuite(stores: () => Stores): void {
  beforeAll(async () => {
    await stores().runtimes.create(aRuntime('ledger'), null);
    const wrapper = aCluster('cl-ledger', 'rt-ledger', 1);
    await stores().clusters.create(wrapper);
    await stores().jobs.open(aJob('cl-ledger', 'ledger'), { from: ['pending'], status: 'creating' });
    await stores().jobs.storePlan('job-ledger', flattenPlan(aPlan(wrapper)), 1);
  });

  /** Each test has a node id of its own: the ledger asks for no row of a node. */
  const request = (nodeId: string, change: Partial<LeaseRequest> = {}): LeaseRequest => ({
    clusterId: 'cl-ledger',
    nodeId,
    jobId: 'job-ledger',
    holder: 'worker 1',
    leaseMs: 10_000,
    claims: [{ kind: 'instance', intent: 'make', spec: SMALL }],
    ...change,
  });
  const setState = (token: string, state: 'made' | 'gone') =>
    stores().tasks.applyChanges('job-ledger.0.0', { resources: [{ token, state }] }, []);

  test('writes the row before the effect, leased to who asked', async () => {
    const [claimed] = await stores().ledger.claim(request('n-first'));
    expect(claimed).toEqual({
      resource: {
        token: 'cl-ledger/n-first/instance/g1',
        clusterId: 'cl-ledger',
        nodeId: 'n-first',
        kind: 'instance',
        generation: 1,
        spec: SMALL,
        madeByJob: 'job-ledger',
        cloudId: '',
        state: 'intended',
        attributes: {},
      },
      lease: { token: 'cl-ledger/n-first/instance/g1', holder: 'worker 1', fence: 1 },
    });
  });

  test('the same holder renews its lease and keeps its fence', async () => {
    const { ledger } = stores();
    const [first] = await ledger.claim(request('n-same'));
    const [second] = await ledger.claim(request('n-same'));
    expect(second).toEqual(first);
  });

  test('of two claims at once one is held off, and told for how long', async () => {
    const { ledger } = stores();
    const claims = ['volume-0', 'instance', 'volume-1'].map((kind) => ({
      kind,
      intent: 'make' as const,
      spec: SMALL,
    }));
    const holders = ['worker 1', 'worker 2', 'worker 3'];
    const results = await Promise.allSettled(
      holders.map((holder) => ledger.claim(request('n-race', { holder, claims, leaseMs: 5_000 }))),
    );
    const won = results.filter((result) => result.status === 'fulfilled');
    expect(won).toHaveLength(1);
    expect(won[0]?.value.map(({ resource }) => resource.kind)).toEqual(['volume-0', 'instance', 'volume-1']);
    for (const result of results) {
      if (result.status === 'fulfilled') continue;
      expect(result.reason).toMatchObject({ kind: 'unavailable', code: 'LEASE_HELD' });
      const { retryAfterMs } = result.reason as { retryAfterMs: number };
      expect(retryAfterMs).toBeGreaterThan(0);
      expect(retryAfterMs).toBeLessThanOrEqual(5_000);
    }
    const rows = await ledger.list('cl-ledger');
    expect(rows.filter((row) => row.nodeId === 'n-race')).toHaveLength(3);
  });

  test('a lease that has run out is taken over under a higher fence', async () => {
    const { ledger } = stores();
    const [frozen] = await ledger.claim(request('n-over'));
    await expect(ledger.claim(request('n-over', { holder: 'worker 2' }))).rejects.toMatchObject({
      code: 'LEASE_HELD',
    });
    if (frozen === undefined) throw new Error('nothing was claimed');
    expect(await ledger.renew([frozen.lease], 1)).toBe(true);
    await setTimeout(10);
    const [next] = await ledger.claim(request('n-over', { holder: 'worker 2' }));
    if (next === undefined) throw new Error('nothing was claimed');
    expect(next.lease.fence).toBe(frozen.lease.fence + 1);
    expect(next.resource.token).toBe(frozen.resource.token);
    await expect(ledger.assertHeld(frozen.lease)).rejects.toMatchObject({
      kind: 'conflict',
      code: 'LEASE_LOST',
    });
    expect(await ledger.renew([frozen.lease], 1_000)).toBe(false);
    await ledger.release([frozen.lease]);
    await ledger.assertHeld(next.lease);
    expect(await ledger.renew([next.lease], 1_000)).toBe(true);
  });

  test('an expired lease is not held, even before another worker takes it over', async () => {
    const { ledger } = stores();
    const [claimed] = await ledger.claim(request('n-out', { leaseMs: 1 }));
    if (claimed === undefined) throw new Error('nothing was claimed');
    await setTimeout(10);
    await expect(ledger.assertHeld(claimed.lease)).rejects.toMatchObject({ code: 'LEASE_LOST' });
  });

  test('a released row is free at once, and its old lease is worth nothing', async () => {
    const { ledger } = stores();
    const [claimed] = await ledger.claim(request('n-free'));
    if (claimed === undefined) throw new Error('nothing was claimed');
    await ledger.release([claimed.lease]);
    const [next] = await ledger.claim(request('n-free', { holder: 'worker 2' }));
    expect(next?.lease.fence).toBe(2);
    await expect(ledger.assertHeld(claimed.lease)).rejects.toMatchObject({ code: 'LEASE_LOST' });
  });

  test('a generation follows only one that is gone', async () => {
    const { ledger } = stores();
    const [first] = await ledger.claim(request('n-gen'));
    await setState(first?.resource.token ?? '', 'made');
    expect((await ledger.claim(request('n-gen')))[0]?.resource.generation).toBe(1);
    await setState(first?.resource.token ?? '', 'gone');
    const [used] = await ledger.claim(request('n-gen', { claims: [{ kind: 'instance', intent: 'use' }] }));
    expect(used?.resource).toMatchObject({ generation: 1, state: 'gone' });
    const [second] = await ledger.claim(request('n-gen', { claims: make(LARGE) }));
    expect(second?.resource).toMatchObject({ generation: 2, state: 'intended', spec: LARGE });
    expect(second?.lease).toMatchObject({ token: 'cl-ledger/n-gen/instance/g2', fence: 1 });
    const rows = (await ledger.list('cl-ledger')).filter((row) => row.nodeId === 'n-gen');
    expect(rows.map((row) => row.generation)).toEqual([2, 1]);
  });

  test('two claims at once on what is gone make one next generation', async () => {
    const { ledger } = stores();
    const [first] = await ledger.claim(request('n-regen'));
    if (first === undefined) throw new Error('nothing was claimed');
    await setState(first.resource.token, 'gone');
    await ledger.release([first.lease]);
    const results = await Promise.allSettled(
      ['worker 1', 'worker 2'].map((holder) => ledger.claim(request('n-regen', { holder }))),
    );
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1);
    const rows = (await ledger.list('cl-ledger')).filter((row) => row.nodeId === 'n-regen');
    expect(rows.map((row) => row.generation)).toEqual([2, 1]);
  });

  test('refuses to make for another specification what is already there', async () => {
    const { ledger } = stores();
    await ledger.claim(request('n-spec'));
    await expect(ledger.claim(request('n-spec', { claims: make(LARGE) }))).rejects.toMatchObject({
      kind: 'conflict',
      code: 'SPEC_CHANGED',
    });
    for (const intent of ['use', 'remove'] as const) {
      const [claimed] = await ledger.claim(request('n-spec', { claims: [{ kind: 'instance', intent }] }));
      expect(claimed?.resource.spec).toEqual(SMALL);
    }
  });

  test('a spec is the same in whatever order its parts are, and whatever a text of it holds', async () => {
    const { ledger } = stores();
    await ledger.claim(request('n-order', { claims: make({ a: 1, b: { c: 'half \uD800', d: [2.5] } }) }));
    const [again] = await ledger.claim(
      request('n-order', { claims: make({ b: { d: [2.5], c: 'half \uD800' }, a: 1 }) }),
    );
    expect(again?.resource.generation).toBe(1);
    await expect(
      ledger.claim(request('n-order', { claims: make({ b: { d: [2.5, 1], c: 'half \uD800' }, a: 1 }) })),
    ).rejects.toMatchObject({ code: 'SPEC_CHANGED' });
  });

  test('to use what never was made claims nothing and writes nothing', async () => {
    const { ledger } = stores();
    expect(await ledger.claim(request('n-none', { claims: [{ kind: 'instance', intent: 'use' }] }))).toEqual(
      [],
    );
    expect((await ledger.list('cl-ledger')).filter((row) => row.nodeId === 'n-none')).toEqual([]);
  });

  /** A job of one task on each node that changes, removes or makes its instance, beside what it claims of it. */
  const openJob = async (id: string, action: JobAction, resources: LeaseRequest['claims']) => {
    const { jobs } = stores();
    await jobs.close(openJobId, {
      status: 'successful',
      error: null,
      clusterStatus: 'active',
      closedAt: NOW,
    });
    await jobs.open(aJob('cl-ledger', id, { action }), { from: ['active'], status: 'resizing' });
    const wrapper = aCluster('cl-ledger', 'rt-ledger', 1);
    const tasks = wrapper.nodes.map(({ nodeId }) => aTask(nodeId, { resources }));
    await jobs.storePlan(`job-${id}`, flattenPlan([createLayer('layer', tasks)]), 1);
    openJobId = `job-${id}`;
  };
  let openJobId = 'job-ledger';
  const node = 'cl-ledger-n1';
  const claimAs = async (jobId: string, claims: LeaseRequest['claims']) => {
    const [claimed] = await stores().ledger.claim(request(node, { jobId, claims }));
    if (claimed === undefined) throw new Error('nothing was claimed');
    return claimed;
  };
  const end = (jobId: string, status: 'successful' | 'failed', change: Partial<TaskEnd> = {}) =>
    stores().tasks.end(`${jobId}.0.0`, { status, at: NOW, ...change });
  const newest = async () => {
    const rows = await stores().ledger.list('cl-ledger');
    return rows.find((row) => row.nodeId === node);
  };

  test('a lost node of a resized cluster can be made again, as it was resized', async () => {
    const made = await claimAs('job-ledger', make(SMALL));
    await end('job-ledger', 'successful', {
      changes: { resources: [{ token: made.resource.token, state: 'made', cloudId: 'i-1' }] },
      leases: [made.lease],
      release: true,
    });

    const change = [{ kind: 'instance', intent: 'change', spec: LARGE }] as const;
    await openJob('resize', 'resize', change);
    const changing = await claimAs('job-resize', change);
    expect(changing.resource).toMatchObject({ spec: SMALL, state: 'made', generation: 1 });
    await stores().tasks.applyChanges('job-resize.0.0', {}, [changing.lease], true);
    // While the cloud still works on it, the row says what is known to be there.
    expect(await newest()).toMatchObject({ spec: SMALL });
    await end('job-resize', 'successful');
    expect(await newest()).toMatchObject({ spec: LARGE, madeByJob: 'job-ledger', cloudId: 'i-1' });

    await openJob('recover', 'recover', make(LARGE));
    const adopted = await claimAs('job-recover', make(LARGE));
    expect(adopted.resource).toMatchObject({ generation: 1, madeByJob: 'job-ledger' });
    await stores().tasks.applyChanges(
      'job-recover.0.0',
      {
        resources: [{ token: adopted.resource.token, state: 'gone' }],
        next: [{ token: adopted.resource.token, attributes: { why: 'lost' } }],
      },
      [adopted.lease],
      true,
    );
    const again = await claimAs('job-recover', make(LARGE));
    expect(again.resource).toMatchObject({
      token: `cl-ledger/${node}/instance/g2`,
      spec: LARGE,
      state: 'intended',
      madeByJob: 'job-recover',
      attributes: { why: 'lost' },
    });
    await end('job-recover', 'successful', {
      changes: { resources: [{ token: again.resource.token, state: 'made' }] },
    });
    await expect(claimAs('job-recover', make(SMALL))).rejects.toMatchObject({ code: 'SPEC_CHANGED' });
  });

  test('a change that failed leaves the spec as it was', async () => {
    const change = [{ kind: 'instance', intent: 'change', spec: { cpu: 64 } }] as const;
    await openJob('failing', 'resize', change);
    await claimAs('job-failing', change);
    await end('job-failing', 'failed');
    expect(await newest()).toMatchObject({ spec: LARGE });
  });

  test('what one job began and another made was made by the other', async () => {
    const volume = [{ kind: 'volume-0', intent: 'make', spec: SMALL }] as const;
    await openJob('began', 'create', volume);
    const { lease } = await claimAs('job-began', volume);
    await stores().ledger.release([lease]);
    await end('job-began', 'failed');
    await openJob('finished', 'start', volume);
    expect((await claimAs('job-finished', volume)).resource).toMatchObject({
      generation: 1,
      madeByJob: 'job-finished',
    });
  });
}
