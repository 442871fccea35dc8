import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StartedJob } from '../../src/client/index.ts';
import { jobWorkflowId, type ClusterView, type JobView } from '../../src/protocol/index.ts';
import { startStack, type TestStack, type TestWorker } from '../kit/stack.ts';
import { runCli } from './run-cli.ts';
import { createLocalRuntime, listInstances, RUNTIME } from './secret-cluster.ts';

const PACKAGE = fileURLToPath(new URL('./run-once-package', import.meta.url));
const LIMIT_MS = 180_000;
/** What the owed package writes on a node of its first role, once everything was done once. */
const ONCE = ['init begins', 'init ends', 'start begins', 'start ends'];

let stack: TestStack;
let worker: TestWorker;

beforeAll(async () => {
  stack = await startStack();
  worker = await stack.startWorker();
  await createLocalRuntime(stack, '127.96.0.0/16');
});
afterAll(() => stack.stop());

function finish({ jobId, clusterId }: StartedJob): Promise<JobView> {
  return stack.client.jobs.wait(jobId, { clusterId, timeoutMs: LIMIT_MS });
}

function create(name: string, init: 'well' | 'refuses' | 'waits'): Promise<StartedJob> {
  const conf = { cluster: { init: `sh opt/windlass/app/bin/step.sh init ${init}` } };
  return stack.client.clusters.create({ app: PACKAGE, runtime: RUNTIME, name, conf });
}

async function start(name: string): Promise<JobView> {
  return finish(await stack.client.clusters.start(name));
}

const describeCluster = (name: string): Promise<ClusterView> => stack.client.clusters.describe(name);

/** The folder of the disk of each node of a role, by server id. */
async function rootsOf(name: string, role = 'first'): Promise<readonly string[]> {
  const { nodes } = await describeCluster(name);
  const instances = await listInstances(stack);
  return nodes
    .filter((node) => node.role === role)
    .map((node) => instances.find(({ id }) => id === node.instanceId)?.root ?? 'no machine');
}

async function recordsOf(name: string, role = 'first'): Promise<readonly (readonly string[])[]> {
  return (await rootsOf(name, role)).map((root) => readRecord(root));
}

function readRecord(root: string): readonly string[] {
  const file = join(root, 'record');
  return existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : [];
}

/** Until init runs on both nodes of the first role. */
async function waitForInit(name: string): Promise<readonly string[]> {
  for (let look = 0; look < 600; look += 1) {
    // Its rows are there a moment after its job was started.
    const roots = await rootsOf(name).catch(() => []);
    if (roots.length > 0 && roots.every((root) => readRecord(root).includes('init begins'))) return roots;
    await sleep(100);
  }
  throw new Error('init has not begun');
}

const labelsOf = (job: JobView, layer: string, position = 0): readonly string[] =>
  job.layers.filter(({ name }) => name === layer)[position]?.tasks.map(({ label }) => label) ?? [];

describe('a cluster whose create did not end well', { timeout: LIMIT_MS }, () => {
  it('whose init refused is not active by a start, and by one after a stop, until init has succeeded', async () => {
    expect(await finish(await create('refused', 'refuses'))).toMatchObject({ status: 'failed' });
    const owed = [
      ['RegisterCustomMetadata', 'second 1'],
      ['InitService', 'first 1'],
      ['InitService', 'first 2'],
      ['InitService', 'second 1'],
    ];
    const listOwed = async (): Promise<readonly string[]> =>
      ((await describeCluster('refused')).owed ?? []).map(({ action, label }) => `${action} ${label}`).sort();
    expect(await listOwed()).toEqual(owed.map((words) => words.join(' ')).sort());

    const [first = '', second = ''] = await rootsOf('refused');
    writeFileSync(join(first, 'go'), '');
    const again = await start('refused');
    expect(again).toMatchObject({ status: 'failed', error: { code: 'SERVICE_FAILED' } });
    expect(await describeCluster('refused')).toMatchObject({ status: 'failed' });
    expect(labelsOf(again, 'InitService')).toEqual(['first 1', 'first 2']);
    expect(await listOwed()).not.toContain('InitService first 1');

    await finish(await stack.client.clusters.stop('refused'));
    expect(await describeCluster('refused')).toMatchObject({ status: 'stopped' });
    const run = await runCli(stack.env, ['cluster', 'describe', 'refused']);
    expect(run.stdout).toMatch(/Not done +InitService of first 2, second 1/);

    writeFileSync(join(second, 'go'), '');
    const well = await start('refused');
    expect(well).toMatchObject({ status: 'successful', error: null });
    expect(labelsOf(well, 'InitService')).toEqual(['first 2']);
    expect(labelsOf(well, 'InitService', 1)).toEqual(['second 1']);
    expect(labelsOf(well, 'RegisterCustomMetadata')).toEqual(['second 1']);
    expect(await describeCluster('refused')).toMatchObject({ status: 'active', owed: [] });
    expect(await recordsOf('refused')).toEqual([
      ['init begins', ...ONCE],
      ['init begins', 'init begins', ...ONCE],
    ]);
    expect(await recordsOf('refused', 'second')).toEqual([
      ['start begins', 'start ends', 'late-init begins', 'late-init ends'],
    ]);

    await finish(await stack.client.clusters.delete('refused'));
  });

  it('whose create was cancelled while init ran gets the end of that init, not another one', async () => {
    const job = await create('cancelled', 'waits');
    const roots = await waitForInit('cancelled');
    await stack.client.jobs.cancel(job.jobId);
    expect(await finish(job)).toMatchObject({ status: 'cancelled' });
    const started = await stack.client.clusters.start('cancelled');
    for (const root of roots) writeFileSync(join(root, 'go'), '');
    expect(await finish(started)).toMatchObject({ status: 'successful', error: null });
    expect(await describeCluster('cancelled')).toMatchObject({ status: 'active', owed: [] });
    expect(await recordsOf('cancelled')).toEqual([ONCE, ONCE]);
    await finish(await stack.client.clusters.delete('cancelled'));
  });

  it('whose worker died and whose job was terminated is finished by a start', async () => {
    const job = await create('abandoned', 'waits');
    const roots = await waitForInit('abandoned');
    await worker.kill();
    const connection = await Connection.connect({ address: stack.temporal.address });
    const temporal = new Client({ connection, namespace: stack.temporal.namespace });
    await temporal.workflow.getHandle(jobWorkflowId(job.clusterId)).terminate('by hand');
    await connection.close();
    for (const root of roots) writeFileSync(join(root, 'go'), '');
    worker = await stack.startWorker();
    // A worker's sweeper closes the job.
    expect(await finish(job)).toMatchObject({ status: 'failed', error: { code: 'JOB_ABANDONED' } });
    expect(await describeCluster('abandoned')).toMatchObject({ status: 'failed' });
    expect(await start('abandoned')).toMatchObject({ status: 'successful', error: null });
    expect(await recordsOf('abandoned')).toEqual([ONCE, ONCE]);
    await finish(await stack.client.clusters.delete('abandoned'));
  });
});
