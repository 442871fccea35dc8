import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openStores, type Stores } from '../../src/db/index.ts';
import type { StartedJob } from '../../src/client/index.ts';
import { startStack, type TestStack } from '../kit/stack.ts';

const PACKAGE = fileURLToPath(new URL('../fixtures/packages/instant', import.meta.url));
/**
 * Requests of the client at the same time: a fleet comes from many clients, but not from one for each
 * cluster.
 */
const AT_ONCE = 40;
const NODES = 3;

export interface FleetOptions {
  readonly clusters: number;
  readonly accounts: number;
  readonly workers: number;
  readonly report: (line: string) => void;
}

/** The result of a fleet. */
export interface Fleet {
  readonly createSeconds: number;
  readonly deleteSeconds: number;
  /** Jobs and resources that did not end as they should, one line each. */
  readonly problems: readonly string[];
}

/**
 * Creates that many clusters of three nodes at the same time, spread over the accounts, then deletes them
 * all. Every job must succeed, the ledger must show each resource created once, and at the end none left.
 */
export async function proveFleet(options: FleetOptions): Promise<Fleet> {
  const { clusters, accounts, workers, report } = options;
  const stack = await startStack();
  const stores = openStores({ databaseUrl: stack.databaseUrl, maxConnections: 2 });
  try {
    const env = { WINDLASS_TEST_INSTANT: JSON.stringify({ handles: 'done' }) };
    for (let index = 0; index < workers; index += 1) await stack.startWorker(env);
    const { versionId } = await stack.client.apps.register(PACKAGE);
    for (let index = 0; index < accounts; index += 1) await addAccount(stack, `account-${index}`);
    const problems: string[] = [];

    const created = await run(stores, report, clusters, (index) =>
      stack.client.clusters.create({
        app: versionId,
        runtime: `account-${index % accounts}`,
        name: `fleet-${index}`,
        conf: { cluster: { count: NODES } },
      }),
    );
    for (const { clusterId } of created.jobs) problems.push(...(await auditMade(stores, clusterId)));
    const deleted = await run(stores, report, clusters, (index) =>
      stack.client.clusters.delete(created.jobs[index]?.clusterId ?? ''),
    );
    for (const { clusterId } of created.jobs) {
      const left = await stores.ledger.list(clusterId, { live: true });
      problems.push(...left.map(({ token, state }) => `${token} is left, ${state}`));
    }
    problems.push(...created.failed, ...deleted.failed);
    return { createSeconds: created.seconds, deleteSeconds: deleted.seconds, problems };
  } finally {
    await stores.close();
    await stack.stop();
  }
}

function addAccount(stack: TestStack, account: string): Promise<unknown> {
  return stack.client.runtimes.create({
    name: account,
    provider: 'instant',
    zone: 'z',
    settings: { account },
  });
}

/** Starts all jobs, and waits until none is open: by the database, not by a client that polls each of them. */
async function run(
  stores: Stores,
  report: FleetOptions['report'],
  count: number,
  start: (index: number) => Promise<StartedJob>,
): Promise<{ readonly jobs: readonly StartedJob[]; readonly seconds: number; readonly failed: string[] }> {
  const startedAt = performance.now();
  const jobs: StartedJob[] = [];
  let next = 0;
  await Promise.all(
    Array.from({ length: Math.min(AT_ONCE, count) }, async () => {
      for (let index = next++; index < count; index = next++) jobs[index] = await start(index);
    }),
  );
  for (;;) {
    const ended = await countEnded(stores, jobs);
    report(
      `${ended} of ${count} jobs have ended after ${Math.round((performance.now() - startedAt) / 1000)} s`,
    );
    if (ended === count) break;
    await sleep(2_000);
  }
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  const views = await Promise.all(jobs.map(({ jobId }) => stores.jobs.get(jobId)));
  const failed = views
    .filter(({ status }) => status !== 'successful')
    .map(({ jobId, status, error }) => `${jobId} ${status}: ${error?.message ?? ''}`);
  return { jobs, seconds, failed };
}

async function countEnded(stores: Stores, jobs: readonly StartedJob[]): Promise<number> {
  const open = new Set((await stores.jobs.listOpen()).map(({ jobId }) => jobId));
  // A job that is not stored yet has not begun.
  const found = await Promise.all(
    jobs.filter(({ jobId }) => !open.has(jobId)).map(({ jobId }) => stores.jobs.find(jobId)),
  );
  return found.filter((job) => job !== null).length;
}

/** Each resource of a cluster was created once, in its first generation. */
async function auditMade(stores: Stores, clusterId: string): Promise<readonly string[]> {
  const rows = await stores.ledger.list(clusterId);
  const again = rows.filter(({ generation, state }) => generation !== 1 || state !== 'made');
  const nodes = rows.filter(({ kind }) => kind === 'instance').length;
  return [
    ...again.map(({ token, state }) => `${token} is ${state}`),
    ...(nodes === NODES ? [] : [`${clusterId} has ${nodes} instances`]),
  ];
}
