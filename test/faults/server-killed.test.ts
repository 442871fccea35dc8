import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { waitUntilWorkingOn } from './middle-of-job.ts';
import { startKillableServers } from './killable-servers.ts';
import {
  auditLedger,
  EMPTY_CLOUD,
  openServiceRecords,
  runningCloud,
  waitForSnapshot,
} from './snapshot-cloud.ts';
import { problemsOf, createTiny, waitForEnd } from './local-scenario.ts';

/** How long a server is away: longer than heartbeat timeouts and leases. */
const AWAY_MS = 3_000;

test.for([
  { server: 'temporal', number: 12 },
  { server: 'database', number: 13 },
] as const)(
  'a job continues when its $server server dies and comes back on its files, worker and client stay up',
  { timeout: 180_000 },
  async ({ server, number }) => {
    const servers = await startKillableServers(number);
    onTestFinished(() => servers.stop());
    const { client, cloud } = servers;
    const create = await createTiny(client, servers.versionId, 2);
    await waitUntilWorkingOn(client, create, 'RunInstances');
    const waiting = waitForEnd(client, create);
    await servers[server].kill();
    await sleep(AWAY_MS);
    await servers[server].startAgain();

    expect(problemsOf(await waiting)).toEqual([]);
    expect(await waitForSnapshot(cloud, runningCloud(2))).toEqual(runningCloud(2));
    const records = openServiceRecords(cloud, servers.recordsFolder);
    await records.keep();
    expect(records.read()).toEqual(['init start', 'init start']);
    expect(await auditLedger(servers.databaseUrl, cloud, create.clusterId)).toEqual([]);

    const end = await client.clusters.delete(create.clusterId);
    expect(problemsOf(await waitForEnd(client, end))).toEqual([]);
    expect(await waitForSnapshot(cloud, EMPTY_CLOUD)).toEqual(EMPTY_CLOUD);
    expect(() => process.kill(servers.worker.pid, 0)).not.toThrow();
  },
);
