import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { connectClient } from '../../src/client/index.ts';
import { findCacheFolder, findHomeFolder } from '../../src/config/index.ts';
import { findFreePort } from '../../src/embedded/index.ts';
import { pullThePlug } from '../kit/stack.ts';
import { startDevStack } from './dev-stack.ts';
import { waitUntilWorkingOn } from './middle-of-job.ts';
import {
  auditLedger,
  EMPTY_CLOUD,
  openServiceRecords,
  runningCloud,
  waitForSnapshot,
} from './snapshot-cloud.ts';
import {
  chooseAddressRange,
  problemsOf,
  createTiny,
  QUICK_RECOVERY,
  registerTiny,
  waitForEnd,
} from './local-scenario.ts';

test('a job whose whole stack dies in the middle continues when the stack is started again', async () => {
  const home = mkdtempSync(join(tmpdir(), 'windlass-dev-'));
  const {
    TEMPORAL_ADDRESS: _address,
    TEMPORAL_PROFILE: _profile,
    DATABASE_URL: _url,
    ...given
  } = process.env;
  const env = {
    ...given,
    ...QUICK_RECOVERY,
    WINDLASS_HOME: home,
    WINDLASS_CACHE: findCacheFolder(process.env),
    WINDLASS_STOP_SECONDS: '1',
  };
  const ports = { temporal: await findFreePort(), ui: await findFreePort() };
  const cloud = join(findHomeFolder(env), 'local');
  onTestFinished(async () => {
    await pullThePlug(cloud);
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  });

  const first = await startDevStack(env, home, ports);
  onTestFinished(() => first.stop());
  const client = await connectClient({
    env: { ...env, TEMPORAL_ADDRESS: first.temporalAddress },
    workerTimeoutMs: 30_000,
  });
  onTestFinished(() => client.close());
  const versionId = await registerTiny(client, chooseAddressRange(11));
  const create = await createTiny(client, versionId, 2);
  await waitUntilWorkingOn(client, create, 'FormatAndMountVolumes');
  await first.killAll();

  const second = await startDevStack(env, home, ports);
  onTestFinished(() => second.stop());
  expect(problemsOf(await waitForEnd(client, create))).toEqual([]);
  expect(await waitForSnapshot(cloud, runningCloud(2))).toEqual(runningCloud(2));
  const records = openServiceRecords(cloud, join(home, 'records'));
  await records.keep();
  expect(records.read()).toEqual(['init start', 'init start']);
  expect(await auditLedger(second.databaseUrl, cloud, create.clusterId)).toEqual([]);

  const end = await client.clusters.delete(create.clusterId);
  expect(problemsOf(await waitForEnd(client, end))).toEqual([]);
  expect(await waitForSnapshot(cloud, EMPTY_CLOUD)).toEqual(EMPTY_CLOUD);
  expect(await auditLedger(second.databaseUrl, cloud, create.clusterId)).toEqual([]);
}, 240_000);
