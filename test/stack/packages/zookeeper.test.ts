import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { StartedJob } from '../../../src/client/index.ts';
import type { ClusterView, JobView } from '../../../src/protocol/index.ts';
import { startStack, type TestStack } from '../../kit/stack.ts';
import { countResources, createLocalRuntime, listInstances, NOTHING, RUNTIME } from '../secret-cluster.ts';
import { connectZookeeper, listModes } from './zookeeper-client.ts';

const PACKAGE = fileURLToPath(new URL('../../../examples/zookeeper', import.meta.url));
const JAR = '/usr/share/java/zookeeper.jar';
const MISSING = 'no ZooKeeper is installed';
const JOB_LIMIT_MS = 240_000;
const installed = existsSync(JAR);

describe('an ensemble of Debian’s ZooKeeper on the local provider', () => {
  let stack: TestStack;
  let clusterId: string;

  beforeAll(async () => {
    if (!installed) return;
    stack = await startStack();
    await stack.startWorker();
    await createLocalRuntime(stack, '127.87.0.0/16');
  });
  afterAll(() => (installed ? stack.stop() : undefined));
  beforeEach((context) => {
    if (!installed) context.skip(MISSING);
  });

  const finish = (job: StartedJob): Promise<JobView> =>
    stack.client.jobs.wait(job.jobId, { clusterId: job.clusterId, timeoutMs: JOB_LIMIT_MS });
  const describeCluster = (): Promise<ClusterView> => stack.client.clusters.describe(clusterId);
  /** Host and port of every server, from the cluster's endpoint. */
  const listServers = async (): Promise<readonly (readonly [string, number])[]> => {
    const { endpoints } = await describeCluster();
    return (endpoints[0]?.addresses ?? []).map((address) => {
      const [host = '', port = ''] = address.split(':');
      return [host, Number(port)] as const;
    });
  };

  it('is created, and its three servers elect a leader', { timeout: JOB_LIMIT_MS }, async () => {
    const job = await stack.client.clusters.create({
      app: PACKAGE,
      runtime: RUNTIME,
      conf: { env: { tickTime: 500, heap_mib: 64 } },
      requestId: 'zookeeper',
    });
    ({ clusterId } = job);
    expect(await finish(job)).toMatchObject({ status: 'successful', error: null });
    const servers = await listServers();
    expect(servers).toHaveLength(3);
    await expect
      .poll(() => listModes(servers), { timeout: 60_000 })
      .toEqual(['follower', 'follower', 'leader']);
  });

  it('has a configuration rendered from its metadata, in the form and names of the form', async () => {
    const servers = await listServers();
    for (const { root } of await listInstances(stack)) {
      const text = readFileSync(join(root, 'etc/zookeeper/windlass/zoo.cfg'), 'utf8');
      const own = /^address=(.+)$/m.exec(
        readFileSync(join(root, 'etc/zookeeper/windlass/server.env'), 'utf8'),
      )?.[1];
      expect(text).toContain('\ntickTime=500\n');
      expect(text).toContain('\nautopurge.snapRetainCount=3\n');
      expect(text).toContain(`\nclientPortAddress=${own}\n`);
      const lines = text.split('\n').filter((line) => line.startsWith('server.'));
      expect(lines.map((line) => line.split('=')[1]?.split(':')[0]).sort()).toEqual(
        servers.map(([host]) => host).sort(),
      );
      expect(lines.map((line) => line.split('=')[0]).sort()).toEqual(['server.1', 'server.2', 'server.3']);
    }
  });

  it('shows the metadata of its nodes', async () => {
    const { nodes } = await describeCluster();
    const [node] = nodes;
    if (node === undefined) throw new Error('there are no nodes');
    const hosts = await stack.client.clusters.metadata(clusterId, { path: '/hosts/server' });
    expect(Object.keys(Object(hosts) as object).sort()).toEqual(nodes.map((one) => one.instanceId).sort());
    const seen = { node: node.nodeId, path: '/host/ip' };
    expect(await stack.client.clusters.metadata(clusterId, seen)).toBe(node.privateIp);
    await expect(stack.client.clusters.metadata(clusterId, { path: '/hosts/nobody' })).rejects.toMatchObject({
      kind: 'not-found',
      code: 'METADATA_PATH',
    });
  });

  it('takes a node through one server and shows it through another', async () => {
    const [first, second] = await listServers();
    if (first === undefined || second === undefined) throw new Error('there are too few servers');
    const writer = await connectZookeeper(...first);
    await writer.create('/windlass', 'what was written');
    writer.close();
    const reader = await connectZookeeper(...second);
    expect(await reader.read('/windlass')).toBe('what was written');
    reader.close();
  });

  it('has its data after stop and start', { timeout: JOB_LIMIT_MS }, async () => {
    expect(await finish(await stack.client.clusters.stop(clusterId))).toMatchObject({ status: 'successful' });
    expect(await countResources(stack)).toMatchObject({ running: 0, programs: 0, volumes: 3 });
    expect(await finish(await stack.client.clusters.start(clusterId))).toMatchObject({
      status: 'successful',
    });
    const [, , third] = await listServers();
    if (third === undefined) throw new Error('there are too few servers');
    const reader = await connectZookeeper(...third);
    expect(await reader.read('/windlass')).toBe('what was written');
    reader.close();
  });

  it('is deleted, and nothing of it is left', { timeout: JOB_LIMIT_MS }, async () => {
    expect(await finish(await stack.client.clusters.delete(clusterId))).toMatchObject({
      status: 'successful',
    });
    expect(await countResources(stack)).toEqual(NOTHING);
  });
});
