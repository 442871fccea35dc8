import { setTimeout } from 'node:timers/promises';
import { beforeAll, expect, test } from 'vitest';
import type { Stores } from '../../../src/db/index.ts';
import { withClient } from '../../kit/databases.ts';
import { flattenPlan } from '../../../src/plan/index.ts';
import { aCluster, aJob, anAppVersion, aPlan, aRuntime, NOW } from '../../kit/sample-records.ts';

/** Long enough for a statement to have read and to stand at a lock, where it would take one. */
const MEANWHILE_MS = 200;
const LATER = '2031-01-01T00:00:00.000Z';

/** What happens when another transaction commits in the middle of ours. */
export function interleavedSuite(stores: () => Stores, databaseUrl: string): void {
  beforeAll(async () => {
    await stores().runtimes.create(aRuntime('between'), null);
  });

  const prepare = async (id: string) => {
    const wrapper = aCluster(`cl-${id}`, 'rt-between', 1);
    await stores().clusters.create(wrapper);
    await stores().jobs.open(aJob(`cl-${id}`, id), { from: ['pending'], status: 'creating' });
    await stores().jobs.storePlan(`job-${id}`, flattenPlan(aPlan(wrapper)), 1);
  };
  const claim = (id: string, holder: string, leaseMs: number) =>
    stores().ledger.claim({
      clusterId: `cl-${id}`,
      nodeId: `cl-${id}-n1`,
      jobId: `job-${id}`,
      holder,
      leaseMs,
      claims: [{ kind: 'instance', intent: 'make', spec: {} }],
    });
  /** Starts `ours` while a transaction with `theirs` is open, then commits that. */
  const between = <Result>(theirs: string, ours: () => Promise<Result>): Promise<Result> =>
    withClient(databaseUrl, async (client) => {
      await client.query('begin');
      await client.query(theirs);
      const outcome = ours();
      outcome.catch(() => undefined);
      await setTimeout(MEANWHILE_MS);
      await client.query('commit');
      return await outcome;
    });

  test('changes of a task are refused when its job closes at the same moment', async () => {
    await prepare('closing');
    const change = { node: { nodeId: 'cl-closing-n1', change: { status: 'active' } } } as const;
    await expect(
      between(`update job set status = 'failed', closed_at = '${NOW}' where job_id = 'job-closing'`, () =>
        stores().tasks.applyChanges('job-closing.0.0', change, []),
      ),
    ).rejects.toMatchObject({ code: 'JOB_NOT_OPEN' });
    expect((await stores().clusters.load('cl-closing')).nodes[0]?.status).toBe('pending');
  });

  test('a write is refused when its lease is taken over at the same moment', async () => {
    await prepare('losing');
    const [claimed] = await claim('losing', 'frozen', 60_000);
    if (claimed === undefined) throw new Error('nothing was claimed');
    const { lease } = claimed;
    await expect(
      between(`update resource set holder = 'other', fence = fence + 1 where token = '${lease.token}'`, () =>
        stores().tasks.applyChanges(
          'job-losing.0.0',
          { resources: [{ token: lease.token, state: 'made' }] },
          [lease],
        ),
      ),
    ).rejects.toMatchObject({ code: 'LEASE_LOST' });
    expect((await stores().ledger.list('cl-losing'))[0]?.state).toBe('intended');
  });

  test('a lease that ran out is not taken from a holder who took it over at the same moment', async () => {
    await prepare('taking');
    const [claimed] = await claim('taking', 'dead', 1);
    const token = claimed?.lease.token ?? '';
    const takeover = `update resource set holder = 'quicker', fence = fence + 1,
      lease_until = clock_timestamp() + interval '1 minute' where token = '${token}'`;
    await expect(between(takeover, () => claim('taking', 'slower', 60_000))).rejects.toMatchObject({
      code: 'LEASE_HELD',
    });
    await stores().ledger.assertHeld({ token, holder: 'quicker', fence: 2 });
  });

  test('a runtime is not deleted while a cluster is being stored in it', async () => {
    await stores().runtimes.create(aRuntime('held'), null);
    await stores().clusters.create(aCluster('cl-held', 'rt-held', 1, { status: 'deleted' }));
    await expect(
      between(
        `update cluster set status = 'pending' where cluster_id = 'cl-held'; select * from runtime where runtime_id = 'rt-held' for share`,
        () => stores().runtimes.delete('rt-held'),
      ),
    ).rejects.toMatchObject({ code: 'RUNTIME_IN_USE' });
  });

  const registerOld = async (id: string): Promise<void> => {
    await stores().apps.create(anAppVersion(`${id}-new`, { appName: id, createdAt: LATER }));
    await stores().apps.create(anAppVersion(id, { appName: id }));
    await withClient(databaseUrl, async (client) => {
      await client.query(
        `update app_version set registered_at = '2020-01-01T00:00:00Z' where version_id = 'appv-${id}'`,
      );
    });
  };

  test('a version is not forgotten that is registered again at the same moment', async () => {
    await registerOld('again');
    await between(
      `update app_version set registered_at = clock_timestamp() where version_id = 'appv-again'`,
      () => stores().apps.forgetUnused('appv-again'),
    );
    expect(await stores().apps.get('appv-again')).toMatchObject({ versionId: 'appv-again' });
  });

  test('a version that is forgotten at the same moment is not registered already', async () => {
    await registerOld('leaving');
    const forget = `delete from app_version where version_id = 'appv-leaving'`;
    expect(await between(forget, () => stores().apps.renew('digest-leaving'))).toBeNull();
    await registerOld('coming');
    const version = anAppVersion('coming', { appName: 'coming' });
    await between(`delete from app_version where version_id = 'appv-coming'`, () =>
      stores().apps.create(version),
    );
    expect(await stores().apps.get('appv-coming')).toEqual(version);
  });

  test('a version is not forgotten while a cluster of it is being stored', async () => {
    await registerOld('storing');
    await stores().clusters.create(aCluster('cl-storing', 'rt-between', 1));
    await between(
      `select * from app_version where version_id = 'appv-storing' for share;
       update cluster set version_id = 'appv-storing' where cluster_id = 'cl-storing'`,
      () => stores().apps.forgetUnused('appv-storing'),
    );
    expect(await stores().apps.get('appv-storing')).toMatchObject({ versionId: 'appv-storing' });
  });

  test('no cluster is stored of a version that is forgotten at the same moment', async () => {
    await registerOld('fading');
    await expect(
      between(`delete from app_version where version_id = 'appv-fading'`, () =>
        stores().clusters.create(aCluster('cl-fading', 'rt-between', 1, { versionId: 'appv-fading' })),
      ),
    ).rejects.toMatchObject({ code: 'APP_NOT_FOUND' });
  });
}
