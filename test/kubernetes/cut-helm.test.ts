import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { openBench, type Bench } from '../../src/conformance/bench.ts';
import { CLOUD_LIVES } from '../../src/conformance/cloud-life.ts';
import { simulatedCrash } from '../../src/conformance/engine-rules.ts';
import { RELEASE_OPERATIONS } from '../../src/conformance/release-operations.ts';
import { createKubernetesProvider } from '../../src/providers/kubernetes/index.ts';
import { createKubernetesHarness } from '../conformance/kubernetes-harness.ts';
import { findTestHelm } from '../kit/find-helm.ts';
import { useControlPlane } from '../kit/kubernetes/index.ts';
import { type HookRuns, listHookRuns } from './hook-runs.ts';

const LIMIT_MS = 120_000;

const [UPGRADE] = RELEASE_OPERATIONS.filter(({ action }) => action === 'UpgradeRelease');

describe('a helm that is killed in the middle', () => {
  const controlPlane = useControlPlane();
  const folder = mkdtempSync(join(tmpdir(), 'windlass-cut-helm-'));
  const pidFile = join(folder, 'pid');
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** A bench whose helm writes down its process id, so that it can be killed. */
  async function open(conf: Readonly<Record<string, unknown>>): Promise<{ bench: Bench; namespace: string }> {
    const helm = await findTestHelm();
    const path = join(folder, 'helm');
    writeFileSync(path, `#!/bin/sh\necho $$ > ${pidFile}\nexec ${helm.path} "$@"\n`, { mode: 0o755 });
    const harness = await createKubernetesHarness(controlPlane(), (made) => ({
      ...made,
      provider: createKubernetesProvider({ findHelm: async () => ({ ...helm, path }) }),
      conf: { ...made.conf, ...conf },
    }));
    const bench = await openBench({ harness, waitLimitMs: 60_000, life: CLOUD_LIVES.releases });
    return { bench, namespace: harness.runtime.zone };
  }

  async function listRecords(namespace: string): Promise<readonly string[]> {
    const records = await controlPlane().api.list(
      `/api/v1/namespaces/${namespace}/secrets?labelSelector=owner%3Dhelm`,
    );
    return records
      .map(({ metadata }) => `${metadata.labels?.['version']} ${metadata.labels?.['status']}`)
      .sort();
  }

  /** Helm's record of the first revision, and what it says within. */
  async function readFirst(namespace: string) {
    const secrets = `/api/v1/namespaces/${namespace}/secrets`;
    const [record] = await controlPlane().api.list(`${secrets}?labelSelector=owner%3Dhelm%2Cversion%3D1`);
    const data = record?.['data'] as Readonly<Record<string, string>> | undefined;
    const packed = Buffer.from(Buffer.from(data?.['release'] ?? '', 'base64').toString(), 'base64');
    const { info } = JSON.parse(gunzipSync(packed).toString()) as { info: { status: string } };
    const status = record?.metadata.labels?.['status'];
    return { path: `${secrets}/${record?.metadata.name}`, data, status, packedStatus: info.status };
  }

  /** Kills helm as soon as its record says what it is at, and the hook's pod is there where one is named. */
  async function killHelmAt(namespace: string, status: string, hook?: string): Promise<number> {
    const isAtIt = async (): Promise<boolean> =>
      hook === undefined || (await listRuns(namespace, hook)).begun.length > 0;
    for (;;) {
      if ((await listRecords(namespace)).some((record) => record.endsWith(status)) && (await isAtIt())) break;
      await sleep(10);
    }
    const pid = readPid();
    // An empty file would be this process's own group.
    if (!(pid > 1)) throw new Error(`helm has written ${pid} for its process`);
    process.kill(pid, 'SIGKILL');
    return pid;
  }

  const listRuns = (namespace: string, hook: string): Promise<HookRuns> =>
    listHookRuns(controlPlane().api, namespace, hook);

  const readPid = (): number => Number(readFileSync(pidFile, 'utf8'));

  it(
    'leaves an install that the next attempt takes back and completes: one release, first revision',
    async () => {
      const { bench, namespace } = await open({ hookDelay: '3s' });
      const task = bench.task('InstallRelease');
      const [, killed] = await Promise.all([
        bench.engine.run(task),
        killHelmAt(namespace, 'pending-install'),
      ]);
      expect(readPid(), 'helm ran again').not.toBe(killed);
      expect(await listRecords(namespace)).toEqual(['1 deployed']);
      await bench.deleteAll();
    },
    LIMIT_MS,
  );

  it(
    'leaves an upgrade that the next attempt makes again under the same number',
    async () => {
      const { bench, namespace } = await open({ hookDelay: '3s' });
      await bench.engine.run(bench.task('InstallRelease'));
      const first = await readFirst(namespace);
      const task = bench.task('UpgradeRelease');
      const [, killed] = await Promise.all([
        bench.engine.run(task),
        killHelmAt(namespace, 'pending-upgrade'),
      ]);
      expect(readPid(), 'helm ran again').not.toBe(killed);
      if (UPGRADE !== undefined) await bench.assertHolds(UPGRADE);
      expect(await listRecords(namespace)).toEqual(['1 superseded', '2 deployed']);
      // As when helm could not write that the first is no longer the one.
      const { path, data, status } = first;
      await controlPlane().api.patch(path, { metadata: { labels: { status } }, data });
      expect(await listRecords(namespace)).toEqual(['1 deployed', '2 deployed']);
      await bench.engine.run(task);
      expect(await listRecords(namespace)).toEqual(['1 superseded', '2 deployed']);
      expect([first.packedStatus, (await readFirst(namespace)).packedStatus]).toEqual([
        'deployed',
        'superseded',
      ]);
      await bench.deleteAll();
      expect(await listRecords(namespace)).toEqual([]);
    },
    LIMIT_MS,
  );

  it.each(['pre-delete', 'post-delete'])(
    'leaves an uninstall in its %s hook; in the end each hook of it has run once',
    async (hook) => {
      const { bench, namespace } = await open({ hook: false, farewell: '2s' });
      await bench.engine.run(bench.task('InstallRelease'));
      const task = bench.task('UninstallRelease');
      const [, killed] = await Promise.all([
        bench.engine.run(task),
        killHelmAt(namespace, 'uninstalling', hook),
      ]);
      expect(readPid(), 'helm ran again').not.toBe(killed);
      expect(await listRecords(namespace)).toEqual(['1 uninstalled']);
      for (const each of ['pre-delete', 'post-delete']) {
        const { begun, done } = await listRuns(namespace, each);
        expect(done, each).toEqual(begun);
        expect(begun, each).toHaveLength(1);
      }
      await bench.deleteAll();
    },
    LIMIT_MS,
  );

  it(
    'leaves an install; no hook of a delete runs for what never was whole',
    async () => {
      const { bench, namespace } = await open({ hookDelay: '1s', farewell: '1s' });
      const install = bench.engine.handle(bench.task('InstallRelease'), {
        beforeEffect: (count) => {
          if (count > 1) throw simulatedCrash();
        },
      });
      await killHelmAt(namespace, 'pending-install', 'setup');
      await expect(install).rejects.toMatchObject({ code: simulatedCrash().code });
      await bench.deleteAll();
      for (const hook of ['pre-delete', 'post-delete'])
        expect((await listRuns(namespace, hook)).begun).toEqual([]);
    },
    LIMIT_MS,
  );
});
