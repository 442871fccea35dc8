import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { openBench, type Bench } from '../../src/conformance/bench.ts';
import { CLOUD_LIVES } from '../../src/conformance/cloud-life.ts';
import { RELEASE_OPERATIONS } from '../../src/conformance/release-operations.ts';
import { createTranscript } from '../../src/conformance/transcript.ts';
import { findCacheFolder } from '../../src/config/index.ts';
import { createKubernetesProvider } from '../../src/providers/kubernetes/index.ts';
import { findHelm } from '../../src/tools/index.ts';
import { createKubernetesHarness } from '../conformance/kubernetes-harness.ts';
import { useControlPlane } from '../kit/kubernetes/index.ts';

const LIMIT_MS = 120_000;
const [UPGRADE] = RELEASE_OPERATIONS.filter(({ action }) => action === 'UpgradeRelease');

describe('a helm that is killed in the middle', () => {
  const controlPlane = useControlPlane();
  const folder = mkdtempSync(join(tmpdir(), 'windlass-cut-helm-'));
  const pidFile = join(folder, 'pid');
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** A bench whose helm writes down its process id, so that it can be killed. */
  async function open(): Promise<{ bench: Bench; namespace: string }> {
    const helm = await findHelm({
      named: null,
      cache: findCacheFolder(process.env),
      env: process.env,
      report: () => {},
    });
    const path = join(folder, 'helm');
    writeFileSync(path, `#!/bin/sh\necho $$ > ${pidFile}\nexec ${helm.path} "$@"\n`, { mode: 0o755 });
    const harness = await createKubernetesHarness(controlPlane(), (made) => ({
      ...made,
      provider: createKubernetesProvider({ findHelm: async () => ({ ...helm, path }) }),
      conf: { ...made.conf, hookDelay: '3s' },
    }));
    const bench = await openBench({
      harness,
      provider: harness.provider,
      clusterId: `cl-${randomBytes(4).toString('hex')}`,
      transcript: createTranscript([]),
      waitLimitMs: 60_000,
      life: CLOUD_LIVES.releases,
    });
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

  /** Kills helm as soon as its record says what it is at. */
  async function killHelmAt(namespace: string, status: string): Promise<number> {
    for (;;) {
      if ((await listRecords(namespace)).some((record) => record.endsWith(status))) break;
      await sleep(10);
    }
    const pid = readPid();
    process.kill(pid, 'SIGKILL');
    return pid;
  }

  const readPid = (): number => Number(readFileSync(pidFile, 'utf8'));

  it(
    'leaves an install that the next try takes back and makes whole: one release, first revision',
    async () => {
      const { bench, namespace } = await open();
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
    'leaves an upgrade that the next try makes anew under the same number',
    async () => {
      const { bench, namespace } = await open();
      await bench.engine.run(bench.task('InstallRelease'));
      const task = bench.task('UpgradeRelease');
      const [, killed] = await Promise.all([
        bench.engine.run(task),
        killHelmAt(namespace, 'pending-upgrade'),
      ]);
      expect(readPid(), 'helm ran again').not.toBe(killed);
      if (UPGRADE !== undefined) await bench.assertHolds(UPGRADE);
      expect(await listRecords(namespace)).toEqual(['1 superseded', '2 deployed']);
      await bench.deleteAll();
      expect(await listRecords(namespace)).toEqual([]);
    },
    LIMIT_MS,
  );
});
