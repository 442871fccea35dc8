import { connect } from 'node:net';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { StartedJob } from '../../src/client/index.ts';
import type { JobStatus } from '../../src/domain/index.ts';
import type { JobView } from '../../src/protocol/index.ts';
import { openLocalCloud } from '../../src/providers/local/index.ts';
import { startStack, type TestStack } from '../kit/stack.ts';
import { SECRET_PACKAGE, secretPackageConf } from './secret-cluster.ts';

let stack: TestStack;

beforeAll(async () => {
  stack = await startStack();
  await stack.startWorker();
  const common = { provider: 'local', zone: 'local-1' };
  const range = (third: number): string => `127.${100 + (process.pid % 100)}.${third}.0/24`;
  const settings = { frontgate: 'on', addressRange: range(61) };
  await stack.client.runtimes.create({ ...common, name: 'behind', settings });
  const tight = { frontgate: 'on', addressRange: range(62), folder: join(stack.home, 'local/tight') };
  await stack.client.runtimes.create({
    ...common,
    name: 'tight',
    settings: { ...tight, quotaInstances: '1' },
  });
}, 120_000);
afterAll(() => stack?.stop(), 120_000);

const create = (runtime: string): Promise<StartedJob> =>
  stack.client.clusters.create({
    app: SECRET_PACKAGE,
    runtime,
    name: `one-${runtime}`,
    conf: secretPackageConf({ count: 1 }),
  });

async function finish(job: StartedJob, status: JobStatus): Promise<JobView> {
  const closed = await stack.client.jobs.wait(job.jobId, { clusterId: job.clusterId });
  expect(closed.status, JSON.stringify(closed.error)).toBe(status);
  return closed;
}

/** What a connection from here gets to read of sshd's greeting. */
function greet(host: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(2222, host);
    socket.once('data', (data) => {
      resolve(String(data));
      socket.destroy();
    });
    socket.once('error', () => resolve(''));
    socket.once('close', () => resolve(''));
  });
}

it('is the only way to the nodes of its runtime, shown where asked for, and takes no jobs from outside', async () => {
  const { client } = stack;
  const job = await create('behind');
  await finish(job, 'successful');
  const cloud = openLocalCloud(join(stack.home, 'local'));
  const instances = await cloud.listInstances();
  const gate = instances.find(({ token }) => token.startsWith('fg-'));
  const node = instances.find(({ token }) => token.startsWith(job.clusterId));
  expect(instances).toHaveLength(2);
  expect(await greet(gate?.address ?? '')).toMatch(/^SSH-2.0/);
  expect(await greet(node?.address ?? '')).toBe('');

  expect((await client.clusters.list()).map(({ clusterId }) => clusterId)).toEqual([job.clusterId]);
  const shown = await client.clusters.list({ includeFrontgates: true });
  const frontgate = shown.find(({ purpose }) => purpose === 'frontgate');
  expect(frontgate).toMatchObject({ app: 'frontgate', status: 'active', nodeCount: 1 });
  for (const action of ['stop', 'delete'] as const) {
    await expect(client.clusters[action](frontgate?.clusterId ?? '')).rejects.toMatchObject({
      kind: 'conflict',
      code: 'FRONTGATE_BY_HAND',
    });
  }
  await expect(client.runtimes.update('behind', { settings: { frontgate: 'off' } })).rejects.toMatchObject({
    code: 'NODE_ACCESS_CHANGED',
  });
  await finish(await client.clusters.delete(job.clusterId), 'successful');
  // The release has waited for it: nothing is left that costs, and nothing that holds the runtime.
  expect(await cloud.listInstances()).toEqual([]);
  await client.runtimes.delete('behind');
}, 120_000);

it('that cannot be made fails the clusters that wait for it with the reason, and leaves nothing', async () => {
  const { client } = stack;
  // Room for the cluster's node, and none for a frontgate beside it.
  const job = await create('tight');
  const closed = await finish(job, 'failed');
  expect(closed.error).toMatchObject({
    code: 'FRONTGATE_FAILED',
    message: expect.stringContaining('instance'),
  });
  await expect(client.runtimes.delete('tight')).rejects.toMatchObject({ code: 'RUNTIME_IN_USE' });
  await finish(await client.clusters.delete(job.clusterId), 'successful');
  expect(await openLocalCloud(join(stack.home, 'local/tight')).listInstances()).toEqual([]);
  await client.runtimes.delete('tight');
}, 120_000);

it('leaves no key of any machine in a history', async () => {
  const { address, namespace } = stack.temporal;
  const connection = await Connection.connect({ address });
  const client = new Client({ connection, namespace });
  let histories = 0;
  let readable = '';
  for await (const { workflowId, runId } of client.workflow.list()) {
    const text = JSON.stringify(await client.workflow.getHandle(workflowId, runId).fetchHistory());
    const decoded = text.replaceAll(/"data":"([A-Za-z0-9+/=]+)"/g, (_, data: string) =>
      Buffer.from(data, 'base64').toString(),
    );
    readable += decoded;
    expect(decoded).not.toContain('PRIVATE KEY');
    expect(decoded).not.toContain('an-ordinary-password');
    if (workflowId.startsWith('frontgate/')) histories += 1;
  }
  await connection.close();
  expect(histories).toBeGreaterThanOrEqual(2);
  // It was read as what it says: the job of a frontgate names its package.
  expect(readable).toContain('"versionId":"frontgate"');
});
