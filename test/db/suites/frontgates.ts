import { expect, test } from 'vitest';
import type { Stores } from '../../../src/db/index.ts';
import { aCluster, aJob, aNode, aRuntime, NOW } from '../../kit/sample-records.ts';

/** Who needs a frontgate, and the cluster that is it. */
export function frontgatesSuite(stores: () => Stores): void {
  const place = { runtimeId: 'rt-gates', vpcId: 'vpc-gates' };
  const transition = { from: ['pending', 'active'] as const, status: 'creating' as const };

  async function join(clusterId: string, jobId: string): Promise<void> {
    await stores().clusters.create(aCluster(clusterId, place.runtimeId, 1, { vpcId: '' }));
    await stores().jobs.open(aJob(clusterId, jobId), transition);
    await stores().frontgates.acquire(`job-${jobId}`, place);
    await stores().frontgates.acquire(`job-${jobId}`, place);
  }
  const close = (jobId: string, clusterStatus: 'active' | 'deleted'): Promise<unknown> =>
    stores().jobs.close(`job-${jobId}`, { status: 'successful', error: null, clusterStatus, closedAt: NOW });

  test('remembers once who joined, stays and has left, for the jobs that are open', async () => {
    const { frontgates, clusters } = stores();
    await stores().runtimes.create({ ...aRuntime('gates'), runtimeId: place.runtimeId }, null);
    await join('cl-gate-a', 'gate-a');
    await join('cl-gate-b', 'gate-b');
    expect((await clusters.resolve('cl-gate-a')).vpcId).toBe(place.vpcId);
    await frontgates.release('job-gate-b', 'kept');
    expect(await frontgates.load(place)).toEqual({
      members: [
        { clusterId: 'cl-gate-a', use: 'needed' },
        { clusterId: 'cl-gate-b', use: 'kept' },
      ],
      cluster: null,
      made: 0,
    });
    await frontgates.release('job-gate-b', 'none');
    await frontgates.release('job-gate-b', 'none');
    expect((await frontgates.load(place)).members).toHaveLength(1);
    // A worker that wakes up when its job is over changes nothing.
    await close('gate-b', 'active');
    await expect(frontgates.acquire('job-gate-b', place)).rejects.toMatchObject({ code: 'JOB_NOT_OPEN' });
    await expect(frontgates.release('job-gate-b', 'none')).rejects.toMatchObject({ code: 'JOB_NOT_OPEN' });
    expect((await frontgates.load(place)).members).toHaveLength(1);
  });

  test('finds the one frontgate of a place, and refuses a second', async () => {
    const { frontgates, clusters } = stores();
    expect(await frontgates.findGate('cl-gate-b')).toBeUndefined();
    expect(await frontgates.findGate('cl-gate-a')).toBeNull();
    const gate = (clusterId: string) => ({
      ...aCluster(clusterId, place.runtimeId, 1, { vpcId: place.vpcId, purpose: 'frontgate' }),
      nodes: [aNode(clusterId, 1, { privateIp: '10.0.0.9' })],
    });
    await clusters.create(gate('fg-1'));
    expect(await frontgates.findGate('cl-gate-a')).toMatchObject({
      clusterId: 'fg-1',
      privateIp: '10.0.0.9',
    });
    await expect(clusters.create(gate('fg-2'))).rejects.toMatchObject({ name: 'WindlassError' });
    expect(await frontgates.load(place)).toMatchObject({ cluster: { clusterId: 'fg-1' }, made: 1 });
    const listed = (await clusters.list({ limit: 1_000 })).map(({ clusterId }) => clusterId);
    expect(listed).not.toContain('fg-1');
    const all = await clusters.list({ limit: 1_000, includeFrontgates: true });
    expect(all.map(({ clusterId }) => clusterId)).toContain('fg-1');
  });

  test('does not count a cluster that is deleted, though its release was lost', async () => {
    await close('gate-a', 'deleted');
    expect((await stores().frontgates.load(place)).members).toEqual([]);
    await stores().clusters.setStatus('cl-gate-b', { status: 'deleted' });
    await expect(stores().runtimes.delete(place.runtimeId)).rejects.toMatchObject({
      code: 'RUNTIME_HAS_FRONTGATE',
    });
    await stores().clusters.setStatus('fg-1', { status: 'deleted' });
    expect(await stores().frontgates.load(place)).toEqual({ members: [], cluster: null, made: 1 });
    await stores().runtimes.delete(place.runtimeId);
  });
}
