import { setTimeout } from 'node:timers/promises';
import { beforeAll, expect, test } from 'vitest';
import type { ClaimRequest, Stores } from '../../../src/db/index.ts';
import { aCluster, aJob, aPlan, aRuntime } from '../../kit/records.ts';

/** The ledger: who may work on a resource, and which generation of it. */
export function ledgerSuite(stores: () => Stores): void {
  beforeAll(async () => {
    await stores().runtimes.create(aRuntime('ledger'), null);
    const wrapper = aCluster('cl-ledger', 'rt-ledger', 1);
    await stores().clusters.create(wrapper);
    await stores().jobs.open(aJob('cl-ledger', 'ledger'), { from: ['pending'], status: 'creating' });
    await stores().jobs.storePlan('job-ledger', aPlan(wrapper), 1);
  });

  /** Each test has a node id of its own: the ledger asks for no row of a node. */
  const request = (nodeId: string, change: Partial<ClaimRequest> = {}): ClaimRequest => ({
    clusterId: 'cl-ledger',
    nodeId,
    jobId: 'job-ledger',
    holder: 'worker 1',
    leaseMs: 10_000,
    specHash: 'hash 1',
    claims: [{ kind: 'instance', intent: 'make' }],
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
        specHash: 'hash 1',
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
    const claims = ['volume-0', 'instance', 'volume-1'].map((kind) => ({ kind, intent: 'make' as const }));
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

  test('a lease that has run out is not held, even while nobody has taken it over', async () => {
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
    const [second] = await ledger.claim(request('n-gen', { specHash: 'hash 2' }));
    expect(second?.resource).toMatchObject({ generation: 2, state: 'intended', specHash: 'hash 2' });
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
    await expect(ledger.claim(request('n-spec', { specHash: 'hash 2' }))).rejects.toMatchObject({
      kind: 'conflict',
      code: 'SPEC_CHANGED',
    });
    const [used] = await ledger.claim(
      request('n-spec', { specHash: 'hash 2', claims: [{ kind: 'instance', intent: 'use' }] }),
    );
    expect(used?.resource.specHash).toBe('hash 1');
  });

  test('to use what never was made claims nothing and writes nothing', async () => {
    const { ledger } = stores();
    expect(await ledger.claim(request('n-none', { claims: [{ kind: 'instance', intent: 'use' }] }))).toEqual(
      [],
    );
    expect((await ledger.list('cl-ledger')).filter((row) => row.nodeId === 'n-none')).toEqual([]);
  });
}
