import { existsSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { StartedJob } from '../../src/client/index.ts';
import type { JobView } from '../../src/protocol/index.ts';
import { isPostgresInstalled } from '../kit/databases.ts';
import { startStack, type TestStack, type TestWorker } from '../kit/stack.ts';
import {
  countResources,
  createLocalRuntime,
  listInstances,
  NOTHING,
  RUNTIME,
  SECRET_PACKAGE,
  secretPackageConf,
  type StartBehaviour,
} from './secret-cluster.ts';

const JOB_LIMIT_MS = 180_000;

describe.each([
  { database: 'pglite', name: 'PGlite', addressRange: '127.91.0.0/16', installed: true },
  {
    database: 'postgres',
    name: 'PostgreSQL',
    addressRange: '127.92.0.0/16',
    installed: isPostgresInstalled(),
  },
] as const)('a cluster of two nodes, stored in $name', ({ database, name, addressRange, installed }) => {
  let stack: TestStack;
  let worker: TestWorker;
  let clusterId: string;

  beforeAll(async () => {
    if (!installed) return;
    stack = await startStack({ database });
    worker = await stack.startWorker();
    await createLocalRuntime(stack, addressRange);
  });
  afterAll(() => (installed ? stack.stop() : undefined));
  beforeEach((context) => {
    if (!installed) context.skip(`no ${name} is installed`);
  });

  const finish = (job: StartedJob): Promise<JobView> =>
    stack.client.jobs.wait(job.jobId, { clusterId: job.clusterId, timeoutMs: JOB_LIMIT_MS });
  const create = (requestId: string, start: StartBehaviour = 'well'): Promise<StartedJob> =>
    stack.client.clusters.create({
      app: SECRET_PACKAGE,
      runtime: RUNTIME,
      name: requestId,
      conf: secretPackageConf({ start }),
      requestId,
    });
  const readStarts = async (): Promise<readonly string[]> =>
    Promise.all((await listInstances(stack)).map(({ root }) => readFile(join(root, 'data/starts'), 'utf8')));

  it('is made once by two requests with one id', { timeout: JOB_LIMIT_MS }, async () => {
    const [first, second] = await Promise.all([create('once'), create('once')]);
    expect(second).toMatchObject({ jobId: first.jobId, clusterId: first.clusterId });
    ({ clusterId } = first);
    const job = await finish(first);
    expect(job).toMatchObject({ status: 'successful', error: null });
    expect(job.planHash).toMatch(/^[0-9a-f]{64}$/);
    expect(await create('once')).toMatchObject({ jobId: first.jobId, status: 'successful' });
    expect(await countResources(stack)).toEqual({ instances: 2, running: 2, volumes: 2, programs: 2 });
  });

  it('is described as it is in the cloud, its password as a reference', async () => {
    const cluster = await stack.client.clusters.describe(clusterId, { refresh: true });
    expect(cluster).toMatchObject({ status: 'active', transitionStatus: null, name: 'once', app: 'vault' });
    expect(cluster.env['password']).toEqual({ $secret: expect.any(String) as string });
    const instances = await listInstances(stack);
    expect(cluster.nodes.map((node) => [node.instanceId, node.privateIp, node.status]).sort()).toEqual(
      instances.map((instance) => [instance.id, instance.address, 'active']).sort(),
    );
  });

  it('is stopped with its volumes kept, and started with its data', { timeout: JOB_LIMIT_MS }, async () => {
    expect(await finish(await stack.client.clusters.stop(clusterId))).toMatchObject({ status: 'successful' });
    expect(await countResources(stack)).toEqual({ instances: 2, running: 0, volumes: 2, programs: 0 });
    expect((await stack.client.clusters.describe(clusterId)).status).toBe('stopped');
    expect(await finish(await stack.client.clusters.start(clusterId))).toMatchObject({
      status: 'successful',
    });
    expect(await countResources(stack)).toEqual({ instances: 2, running: 2, volumes: 2, programs: 2 });
    expect(await readStarts()).toEqual(['started\nstarted\n', 'started\nstarted\n']);
  });

  it('is deleted, and nothing of it is left', { timeout: JOB_LIMIT_MS }, async () => {
    expect(await finish(await stack.client.clusters.delete(clusterId))).toMatchObject({
      status: 'successful',
    });
    expect(await countResources(stack)).toEqual(NOTHING);
    expect(await stack.client.clusters.list()).toEqual([]);
  });

  it(
    'takes no second job while one runs, and the refusal names that one',
    { timeout: JOB_LIMIT_MS },
    async () => {
      const running = await create('busy', 'waits');
      ({ clusterId } = running);
      await waitForProgram(stack);
      await expect(stack.client.clusters.delete(clusterId)).rejects.toMatchObject({
        kind: 'conflict',
        code: 'CLUSTER_BUSY',
        message: expect.stringContaining(running.jobId) as string,
      });
      expect(await stack.client.jobs.list({ clusterId })).toHaveLength(1);
    },
  );

  it('has a job that waits while no worker runs and then continues', { timeout: JOB_LIMIT_MS }, async () => {
    const [job] = await stack.client.jobs.list({ clusterId });
    if (job === undefined) throw new Error('the job of the test before is gone');
    await worker.stop();
    for (const { root } of await listInstances(stack)) writeFileSync(join(root, 'go'), '');
    // The nodes continue by themselves; the job cannot see it.
    await sleep(2_000);
    worker = await stack.startWorker();
    const closed = await stack.client.jobs.wait(job.jobId, { timeoutMs: JOB_LIMIT_MS });
    expect(closed).toMatchObject({ status: 'successful', error: null });
    expect(await readStarts()).toEqual(['started\n', 'started\n']);
    await finish(await stack.client.clusters.delete(clusterId));
    expect(await countResources(stack)).toEqual(NOTHING);
  });
});

/** Until the start service runs on both nodes: from then on the job waits for the test. */
async function waitForProgram(stack: TestStack): Promise<void> {
  for (let look = 0; look < 1_000; look += 1) {
    const instances = await listInstances(stack);
    if (instances.length === 2 && instances.every(({ root }) => existsSync(join(root, 'data/starts')))) {
      if ((await countResources(stack)).programs > 0) return;
    }
    await sleep(100);
  }
  throw new Error('the nodes have not begun to start');
}
