// node test/replay/record.ts [part…]: records the histories that the tests replay, from real jobs.
// Run it after a change of the workflows that is meant, for the parts that have changed, and keep
// the histories of released versions.
import './neutral-host.ts';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import type { StartedJob } from '../../src/client/index.ts';
import type { JobStatus } from '../../src/domain/index.ts';
import { VERSION } from '../../src/worker/index.ts';
import { frontgateWorkflowId } from '../../src/protocol/index.ts';
import { startStack, type TestStack } from '../kit/stack.ts';
import {
  createLocalRuntime,
  listInstances,
  RUNTIME,
  SECRET_PACKAGE,
  secretPackageConf,
  type StartBehaviour,
} from '../stack/secret-cluster.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const HISTORIES = fileURLToPath(new URL('./histories', import.meta.url));
const PRELOAD = new URL('./neutral-host.ts', import.meta.url).href;
const JOB_LIMIT_MS = 30 * 60_000;
/** Three slices for each layer. */
const WIDE_NODES = 250;

const stack = await startStack({
  env: { NODE_OPTIONS: `--import=${PRELOAD}`, WINDLASS_TEST_INSTANT: '{}' },
});
try {
  await stack.startWorker();
  await createLocalRuntime(stack, '127.93.0.0/16');
  const parts = {
    life: recordLife,
    failed: recordFailed,
    cancelled: recordCancelled,
    wide: recordWide,
    frontgate: recordFrontgate,
  };
  const wanted = process.argv.slice(2);
  for (const [name, record] of Object.entries(parts)) {
    if (wanted.length === 0 || wanted.includes(name)) await record(stack);
  }
} finally {
  await stack.stop();
}
process.exit(0);

async function recordLife({ client }: TestStack): Promise<void> {
  const created = await create(stack, 'life', 'well');
  await finish(created, 'successful');
  await save('runJob-create', await readHistory(created));
  for (const action of ['stop', 'start', 'delete'] as const) {
    const job = await client.clusters[action](created.clusterId);
    await finish(job, 'successful');
    await save(`runJob-${action}`, await readHistory(job));
  }
}

async function recordFailed({ client }: TestStack): Promise<void> {
  const job = await create(stack, 'failed', 'fails');
  await finish(job, 'failed');
  await save('runJob-failed', await readHistory(job));
  await finish(await client.clusters.delete(job.clusterId), 'successful');
}

async function recordCancelled({ client }: TestStack): Promise<void> {
  const job = await create(stack, 'cancelled', 'waits');
  // Both nodes wait in their start service: what is cancelled is a wait.
  while (!(await areInitialised(stack))) await sleep(200);
  await sleep(2_000);
  await client.jobs.cancel(job.jobId);
  await finish(job, 'cancelled');
  await save('runJob-cancelled', await readHistory(job));
  await finish(await client.clusters.delete(job.clusterId), 'successful');
}

async function recordWide({ client }: TestStack): Promise<void> {
  await client.runtimes.create({ name: 'instant', provider: 'instant', zone: 'instant-1' });
  const job = await client.clusters.create({
    app: SECRET_PACKAGE,
    runtime: 'instant',
    name: 'wide',
    conf: secretPackageConf({ count: WIDE_NODES }),
  });
  await finish(job, 'successful');
  const [own, slice] = await client.jobs.history(job.jobId, { children: true });
  if (own === undefined || slice === undefined) throw new Error('a wide job without slices');
  await save('runJob-wide', own.history);
  await save('walkSlice-slice', slice.history);
}

/** Two clusters behind one frontgate; then one that cannot be made, and is tried again for the next. */
async function recordFrontgate({ client }: TestStack): Promise<void> {
  const settings = { frontgate: 'on', addressRange: '127.94.0.0/16' };
  await client.runtimes.create({ name: 'behind', provider: 'local', zone: 'local-1', settings });
  const begin = (runtime: string, name: string): Promise<StartedJob> =>
    client.clusters.create({ app: SECRET_PACKAGE, runtime, name, conf: secretPackageConf({ count: 1 }) });
  const jobs = await Promise.all([begin('behind', 'one'), begin('behind', 'two')]);
  for (const job of jobs) await finish(job, 'successful');
  for (const action of ['stop', 'start', 'delete'] as const) {
    for (const { clusterId } of jobs) await finish(await client.clusters[action](clusterId), 'successful');
  }
  await saveFrontgate('life', 'behind');

  const tight = { ...settings, addressRange: '127.95.0.0/16', quotaInstances: '1' };
  await client.runtimes.create({ name: 'tight', provider: 'local', zone: 'local-1', settings: tight });
  const refused: StartedJob[] = [];
  for (const name of ['three', 'four']) {
    const job = await begin('tight', name);
    await finish(job, 'failed');
    refused.push(job);
  }
  for (const { clusterId } of refused) await finish(await client.clusters.delete(clusterId), 'successful');
  await saveFrontgate('failed', 'tight');
}

async function saveFrontgate(name: string, runtime: string): Promise<void> {
  const { runtimeId } = await stack.client.runtimes.describe(runtime);
  const { address, namespace } = stack.temporal;
  const connection = await Connection.connect({ address });
  try {
    const workflowId = frontgateWorkflowId({ runtimeId, vpcId: 'local' });
    const handle = new Client({ connection, namespace }).workflow.getHandle(workflowId);
    await handle.result();
    await save(`frontgate-${name}`, JSON.parse(historyToJSON(await handle.fetchHistory())));
  } finally {
    await connection.close();
  }
}

function create({ client }: TestStack, name: string, start: StartBehaviour): Promise<StartedJob> {
  return client.clusters.create({
    app: SECRET_PACKAGE,
    runtime: RUNTIME,
    name,
    conf: secretPackageConf({ start }),
  });
}

async function finish(job: StartedJob, status: JobStatus): Promise<void> {
  const closed = await stack.client.jobs.wait(job.jobId, {
    clusterId: job.clusterId,
    timeoutMs: JOB_LIMIT_MS,
  });
  if (closed.status !== status) {
    throw new Error(`a ${closed.action} was to be ${status} and is ${JSON.stringify(closed, null, 1)}`);
  }
}

async function readHistory(job: StartedJob): Promise<unknown> {
  const [own] = await stack.client.jobs.history(job.jobId);
  if (own === undefined) throw new Error(`job ${job.jobId} has no history`);
  return own.history;
}

async function areInitialised(of: TestStack): Promise<boolean> {
  const instances = await listInstances(of);
  return instances.length === 2 && instances.every(({ root }) => existsSync(join(root, 'data/starts')));
}

/** Writes a history as it is; one that names this machine or holds a secret is refused instead. */
async function save(name: string, history: unknown): Promise<void> {
  const text = `${JSON.stringify(history)}\n`;
  const readable = text.replaceAll(/"data":"([A-Za-z0-9+/=]+)"/g, (_, data: string) =>
    Buffer.from(data, 'base64').toString('utf8'),
  );
  const machine = (await readFile('/etc/hostname', 'utf8').catch(() => '')).trim();
  const forbidden = [ROOT, homedir(), tmpdir(), 'an-ordinary-password', 'PRIVATE KEY', machine].filter(
    (one) => one !== '',
  );
  for (const one of forbidden) {
    if (readable.includes(one)) throw new Error(`the history ${name} would hold ${one}`);
  }
  await mkdir(HISTORIES, { recursive: true });
  await writeFile(join(HISTORIES, `${name}-${VERSION}.json`), text);
  process.stdout.write(`${name}-${VERSION}.json ${Math.round(text.length / 1024)} KiB\n`);
}
