import { expect, test } from 'vitest';
import type { StoredSecret, Stores } from '../../../src/db/index.ts';
import { storedCredentialBinding, storedSecretBinding } from '../../../src/domain/index.ts';
import { withClient } from '../../kit/databases.ts';
import { aCluster, aJob, anAppVersion, aRuntime, NOW } from '../../kit/sample-records.ts';

/** Runtimes, secrets and application versions. */
export function catalogSuite(stores: () => Stores, databaseUrl: string): void {
  /** As if the last to register these had done so a day ago. */
  const age = (ids: readonly string[]): Promise<void> =>
    withClient(databaseUrl, async (client) => {
      await client.query(
        `update app_version set registered_at = registered_at - interval '1 day' where version_id = any($1)`,
        [ids.map((id) => `appv-${id}`)],
      );
    });

  const credentialOf = async (runtimeId: string): Promise<StoredSecret | null> =>
    (await stores().runtimes.getWithCredential(runtimeId)).credential;

  test('gives back a runtime as it was stored, by name and by id', async () => {
    const { runtimes } = stores();
    const runtime = aRuntime('kept');
    expect(await runtimes.create(runtime, null)).toEqual(runtime);
    expect(await runtimes.get(runtime.name)).toEqual(runtime);
    expect(await runtimes.get(runtime.runtimeId)).toEqual(runtime);
    expect(await runtimes.create({ ...runtime, zone: 'other' }, secret('k1', 1))).toEqual(runtime);
    expect(await credentialOf(runtime.runtimeId)).toBeNull();
  });

  test('refuses a second runtime of the same name until the first is deleted', async () => {
    const { runtimes } = stores();
    const first = await runtimes.create(aRuntime('name-1', { name: 'wanted' }), secret('k1', 1));
    const second = aRuntime('name-2', { name: 'wanted' });
    await expect(runtimes.create(second, null)).rejects.toMatchObject({
      kind: 'conflict',
      code: 'RUNTIME_NAME_TAKEN',
    });
    await runtimes.delete(first.runtimeId);
    await expect(runtimes.get(first.runtimeId)).rejects.toMatchObject({ code: 'RUNTIME_NOT_FOUND' });
    await expect(credentialOf(first.runtimeId)).rejects.toMatchObject({
      code: 'RUNTIME_NOT_FOUND',
    });
    expect(await runtimes.create(second, null)).toEqual(second);
  });

  test('makes nothing of the id of a runtime that is deleted, and keeps nothing of its credential', async () => {
    const { runtimes } = stores();
    const runtime = await runtimes.create(aRuntime('gone'), secret('k1', 1));
    await runtimes.refuseDeleted(runtime.runtimeId);
    await runtimes.delete(runtime.runtimeId);
    const deleted = { kind: 'conflict', code: 'RUNTIME_DELETED' };
    await expect(runtimes.create(runtime, secret('k1', 1))).rejects.toMatchObject(deleted);
    await expect(runtimes.refuseDeleted(runtime.runtimeId)).rejects.toMatchObject(deleted);
    const kept = await withClient(databaseUrl, (client) =>
      client.query(`select credential_key_id, credential_sealed from runtime where runtime_id = 'rt-gone'`),
    );
    expect(kept.rows).toEqual([{ credential_key_id: null, credential_sealed: null }]);
  });

  test('updates only what the change names', async () => {
    const { runtimes } = stores();
    const runtime = await runtimes.create(aRuntime('update'), secret('k1', 1));
    const changed = await runtimes.update(runtime.runtimeId, { settings: { depth: '4' } }, secret('k1', 2));
    expect(changed).toEqual({ ...runtime, settings: { depth: '4' } });
    expect(await credentialOf(runtime.runtimeId)).toEqual(secret('k1', 2));
    expect(await runtimes.update(runtime.runtimeId, {})).toEqual(changed);
    await expect(runtimes.update('rt-none', {})).rejects.toMatchObject({ kind: 'not-found' });
  });

  test('keeps a runtime while a cluster that is not deleted uses it, and names the cluster', async () => {
    const { runtimes, clusters, jobs } = stores();
    const { runtimeId } = await runtimes.create(aRuntime('used'), null);
    const wrapper = aCluster('cl-user', runtimeId);
    await clusters.create(wrapper);
    await expect(runtimes.delete(runtimeId)).rejects.toMatchObject({
      kind: 'conflict',
      code: 'RUNTIME_IN_USE',
      message: expect.stringContaining('name of cl-user') as string,
    });
    await jobs.open(aJob('cl-user', 'used', { action: 'delete' }), { from: ['pending'], status: 'deleting' });
    await jobs.close('job-used', {
      status: 'successful',
      error: null,
      clusterStatus: 'deleted',
      closedAt: NOW,
    });
    expect((await runtimes.delete(runtimeId)).runtimeId).toBe(runtimeId);
    expect((await runtimes.delete(runtimeId)).runtimeId).toBe(runtimeId);
    await expect(clusters.create(aCluster('cl-late', runtimeId))).rejects.toMatchObject({
      code: 'RUNTIME_NOT_FOUND',
    });
  });

  test('lists runtimes in pages, newest first', async () => {
    const { runtimes } = stores();
    for (const [index, id] of ['p1', 'p2', 'p3'].entries()) {
      await runtimes.create(aRuntime(id, { createdAt: `2030-01-0${index + 1}T00:00:00.000Z` }), null);
    }
    const first = await runtimes.list({ limit: 2 });
    expect(first.map((runtime) => runtime.runtimeId)).toEqual(['rt-p3', 'rt-p2']);
    const second = await runtimes.list({ limit: 1, after: 'rt-p2' });
    expect(second.map((runtime) => runtime.runtimeId)).toEqual(['rt-p1']);
  });

  test('keeps the first value of a secret', async () => {
    const { secrets } = stores();
    await secrets.putIfAbsent('cl-secret', 'conf/password', secret('k1', 1));
    await secrets.putIfAbsent('cl-secret', 'conf/password', secret('k1', 2));
    await secrets.putIfAbsent('cl-secret', 'access/client', secret('k1', 3));
    expect(await secrets.get('cl-secret', 'conf/password')).toEqual(secret('k1', 1));
    expect((await secrets.list('cl-secret')).map(({ name }) => name)).toEqual([
      'access/client',
      'conf/password',
    ]);
    await secrets.deleteAll('cl-secret');
    await expect(secrets.get('cl-secret', 'conf/password')).rejects.toMatchObject({
      code: 'SECRET_NOT_FOUND',
    });
  });

  test('finds every secret that is not under a key, and replaces only what was read', async () => {
    const { secrets, runtimes } = stores();
    const { runtimeId } = await runtimes.create(aRuntime('rotated'), secret('old', 1));
    await secrets.putIfAbsent('cl-rotated', 'conf/password', secret('old', 2));
    const rows = (await secrets.listNotUnder('k1', 100)).filter((row) => row.secret.keyId === 'old');
    expect(rows.map(({ binding }) => binding)).toEqual([
      storedCredentialBinding(aRuntime('rotated')),
      storedSecretBinding('cl-rotated', 'conf/password'),
    ]);
    await runtimes.update(runtimeId, {}, secret('k1', 9));
    for (const row of rows) await secrets.replace(row, secret('k1', 5));
    expect(await credentialOf(runtimeId)).toEqual(secret('k1', 9));
    expect(await secrets.get('cl-rotated', 'conf/password')).toEqual(secret('k1', 5));
    expect(await secrets.listNotUnder('k1', 100)).toEqual([]);
  });

  test('joins the parts of a package, and says which is missing', async () => {
    const { apps } = stores();
    await apps.putPart('digest-parts', 1, Uint8Array.of(4, 5, 6));
    await expect(apps.readContent('digest-parts')).rejects.toMatchObject({
      code: 'APP_PART_MISSING',
      message: expect.stringContaining('part 0') as string,
    });
    await apps.putPart('digest-parts', 0, Uint8Array.of(1, 0, 255));
    await apps.putPart('digest-parts', 0, Uint8Array.of(1, 0, 255));
    expect(await apps.listParts('digest-parts')).toEqual([0, 1]);
    expect(await apps.readContent('digest-parts')).toEqual(Uint8Array.of(1, 0, 255, 4, 5, 6));
  });

  test('gives the newest version of an application by its name', async () => {
    const { apps } = stores();
    const old = anAppVersion('old', { appName: 'etcd' });
    const recent = anAppVersion('recent', { appName: 'etcd', createdAt: '2031-01-01T00:00:00.000Z' });
    expect(await apps.create(recent)).toEqual(recent);
    expect(await apps.create(old)).toEqual(old);
    expect(await apps.create({ ...old, appName: 'other' })).toEqual(old);
    expect(await apps.get('etcd')).toEqual(recent);
    expect(await apps.get('appv-old')).toEqual(old);
    expect(await apps.renew('digest-old')).toEqual(old);
    expect(await apps.renew('none')).toBeNull();
    await expect(apps.get('none')).rejects.toMatchObject({ code: 'APP_NOT_FOUND' });
  });

  test('keeps a package that came with a request apart until the request is taken', async () => {
    const { apps, clusters } = stores();
    await stores().runtimes.create(aRuntime('claims'), null);
    const digest = 'digest-claimed';
    const version = anAppVersion('claimed', { appName: 'claimed' });
    const put = () => apps.putPart(digest, 0, Uint8Array.of(1));
    const listed = async () =>
      (await apps.list({ limit: 1_000 })).some(({ appName }) => appName === 'claimed');
    const parts = async () => (await apps.listParts(digest)).length;

    await put();
    await apps.create(version, 'a');
    expect(await listed()).toBe(false);
    await expect(apps.get('claimed')).rejects.toMatchObject({ code: 'APP_NOT_FOUND' });
    expect(await apps.get(version.versionId)).toEqual(version);

    // Two requests bring it at once; one is refused, the other is taken.
    expect(await apps.renew(digest, 'b')).toEqual(version);
    await apps.release('a');
    await apps.release('a');
    expect(await apps.get(version.versionId)).toEqual(version);
    await clusters.create(aCluster('cl-claims', 'rt-claims', 1, { versionId: version.versionId }));
    expect(await listed()).toBe(true);
    await apps.renew(digest, 'c');
    await apps.release('c');
    await apps.release('b');
    expect([await listed(), await parts()]).toEqual([true, 1]);

    // Both are refused: nothing is left. Registered meanwhile: it stays.
    const other = anAppVersion('refused', { appName: 'claimed-too' });
    await apps.putPart('digest-refused', 0, Uint8Array.of(2));
    await apps.create(other, 'd');
    await apps.create(other, 'e');
    await apps.release('e');
    await apps.forgetLeft();
    expect(await apps.get(other.versionId)).toEqual(other);
    await apps.release('d');
    await expect(apps.get(other.versionId)).rejects.toMatchObject({ code: 'APP_NOT_FOUND' });
    expect(await apps.listParts('digest-refused')).toEqual([]);
    await apps.create(other, 'f');
    await apps.create(other);
    await apps.release('f');
    expect(await apps.get('claimed-too')).toEqual(other);
  });

  test('forgets after a day what a request left behind', async () => {
    const { apps } = stores();
    const left = anAppVersion('left', { appName: 'left' });
    await apps.create(left, 'gone');
    await apps.putPart('digest-left', 0, Uint8Array.of(1));
    await apps.putPart('digest-half', 0, Uint8Array.of(1));
    const query = (text: string): Promise<void> =>
      withClient(databaseUrl, async (client) => void (await client.query(text)));
    await apps.forgetLeft();
    expect(await apps.listParts('digest-half')).toEqual([0]);
    await query(
      `update app_part set stored_at = now() - interval '2 days' where digest in ('digest-left', 'digest-half')`,
    );
    await query(
      `update app_version set claims = jsonb_build_object('gone', now() - interval '2 days') where version_id = '${left.versionId}'`,
    );
    await apps.forgetLeft();
    await expect(apps.get(left.versionId)).rejects.toMatchObject({ code: 'APP_NOT_FOUND' });
    expect([await apps.listParts('digest-half'), await apps.listParts('digest-left')]).toEqual([[], []]);
  });

  test('deletes an old version that is unused and was not just requested, with its content', async () => {
    const { apps, clusters, runtimes } = stores();
    const { runtimeId } = await runtimes.create(aRuntime('forgetful'), null);
    await apps.create(anAppVersion('fresh', { appName: 'cache', createdAt: '2031-01-01T00:00:00.000Z' }));
    const register = async (id: string) => {
      await apps.putPart(`digest-${id}`, 0, Uint8Array.of(1));
      return apps.create(anAppVersion(id, { appName: 'cache' }));
    };
    const lives = async (id: string) => (await apps.renew(`digest-${id}`)) !== null;

    await register('asked');
    await apps.forgetUnused('appv-asked');
    expect(await lives('asked')).toBe(true);

    for (const id of ['run', 'before', 'idle']) await register(id);
    await clusters.create(aCluster('cl-run', runtimeId, 1, { versionId: 'appv-run' }));
    const previous = { versionId: 'appv-before', conf: {} };
    await clusters.create(aCluster('cl-before', runtimeId, 1, { versionId: 'appv-fresh', previous }));
    await age(['run', 'before', 'idle', 'fresh']);
    for (const id of ['run', 'before', 'idle', 'fresh']) await apps.forgetUnused(`appv-${id}`);
    expect(await Promise.all(['run', 'before', 'fresh'].map(lives))).toEqual([true, true, true]);
    expect(await lives('idle')).toBe(false);
    expect(await apps.listParts('digest-idle')).toEqual([]);

    // Whoever registers it again has it again.
    await register('idle');
    await apps.forgetUnused('appv-idle');
    await clusters.create(aCluster('cl-idle', runtimeId, 1, { versionId: 'appv-idle' }));
    const late = aCluster('cl-late-version', runtimeId, 1, { versionId: 'appv-gone' });
    await expect(clusters.create(late)).rejects.toMatchObject({ code: 'APP_NOT_FOUND' });
    await expect(clusters.load('cl-late-version')).rejects.toMatchObject({ code: 'CLUSTER_NOT_FOUND' });
  });
}

function secret(keyId: string, byte: number): StoredSecret {
  return { keyId, sealed: Uint8Array.of(0, byte, 255) };
}
