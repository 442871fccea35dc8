import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { StartedJob } from '../../src/client/index.ts';
import { findSshdMachinesObstacle } from '../../src/conformance/index.ts';
import type { JobView } from '../../src/protocol/index.ts';
import { AWS_RUNTIME, countEc2, createAwsRuntime, startAwsStack, type AwsStack } from './aws-stack.ts';

const ANTIETCD = fileURLToPath(new URL('../../examples/antietcd', import.meta.url));
const JOB_LIMIT_MS = 240_000;
const obstacle = findSshdMachinesObstacle();

describe('antietcd on EC2, over its API and SSH', () => {
  let aws: AwsStack;
  let clusterId: string;

  beforeAll(async () => {
    if (obstacle !== null) return;
    aws = await startAwsStack(78);
    await createAwsRuntime(aws);
  }, JOB_LIMIT_MS);
  afterAll(() => aws?.end(), JOB_LIMIT_MS);
  beforeEach((context) => {
    if (obstacle !== null) context.skip(obstacle);
  });

  const finish = async (job: StartedJob): Promise<JobView> => {
    const { clusterId: id, jobId } = job;
    return aws.stack.client.jobs.wait(jobId, { clusterId: id, timeoutMs: JOB_LIMIT_MS });
  };
  const listNodes = async () => (await aws.stack.client.clusters.describe(clusterId)).nodes;

  it(
    'is created: three machines with a formatted volume each, found by its serial number',
    { timeout: JOB_LIMIT_MS },
    async () => {
      const job = await aws.stack.client.clusters.create({
        app: ANTIETCD,
        runtime: AWS_RUNTIME,
        name: 'keys',
        conf: { cluster: { member: { volume_size: 10 } } },
        requestId: 'keys',
      });
      ({ clusterId } = job);
      expect(await finish(job)).toMatchObject({ status: 'successful', error: null });
      expect(aws.ec2Machines.faults()).toEqual([]);
      expect(await countEc2(aws.moto)).toEqual({ instances: 3, running: 3, volumes: 3, attached: 3 });
      for (const { instanceId, volumes } of await listNodes()) {
        const [volume] = volumes;
        expect(volume?.device).toBe(
          `/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_${volume?.volumeId.replace('-', '')}`,
        );
        const mounts = await aws.ec2Machines.machines.execute(instanceId, 'cat /proc/mounts');
        expect(mounts).toMatch(/^\/dev\/nvme\S+ \/data ext4 /m);
      }
    },
  );

  it('takes a write at one node and answers it at another', async () => {
    const [first, second] = (await listNodes()).map(({ privateIp }) => privateIp);
    await put(first ?? '', 'greeting', 'hello from EC2');
    expect(await get(second ?? '', 'greeting')).toBe('hello from EC2');
  });

  it('is stopped with its volumes kept, and started with its data', { timeout: JOB_LIMIT_MS }, async () => {
    expect(await finish(await aws.stack.client.clusters.stop(clusterId))).toMatchObject({
      status: 'successful',
    });
    expect(await countEc2(aws.moto)).toEqual({ instances: 3, running: 0, volumes: 3, attached: 0 });
    expect(await finish(await aws.stack.client.clusters.start(clusterId))).toMatchObject({
      status: 'successful',
    });
    expect(await countEc2(aws.moto)).toEqual({ instances: 3, running: 3, volumes: 3, attached: 3 });
    const [node] = await listNodes();
    expect(await get(node?.privateIp ?? '', 'greeting')).toBe('hello from EC2');
  });

  it('shows a node whose instance was ended outside windlass as lost', async () => {
    const [node] = await listNodes();
    await aws.moto.destroyInstance(node?.instanceId ?? '');
    const { nodes } = await aws.stack.client.clusters.describe(clusterId, { refresh: true });
    const statuses = nodes.map(({ nodeId, status }) => [nodeId === node?.nodeId, status]);
    expect(statuses.sort()).toEqual([
      [false, 'active'],
      [false, 'active'],
      [true, 'lost'],
    ]);
  });

  it('is deleted, and nothing of it is left', { timeout: JOB_LIMIT_MS }, async () => {
    expect(await finish(await aws.stack.client.clusters.delete(clusterId))).toMatchObject({
      status: 'successful',
    });
    expect(await countEc2(aws.moto)).toEqual({ instances: 0, running: 0, volumes: 0, attached: 0 });
    expect(aws.ec2Machines.machines.list()).toEqual([]);
    expect(aws.ec2Machines.faults()).toEqual([]);
  });
});

const encode = (text: string): string => Buffer.from(text).toString('base64');

async function put(address: string, key: string, value: string): Promise<void> {
  await ask(address, 'put', { key: encode(key), value: encode(value) });
}

async function get(address: string, key: string): Promise<string> {
  const answer = await ask(address, 'range', { key: encode(key) });
  const { kvs = [] } = answer as { kvs?: readonly { value: string }[] };
  return Buffer.from(kvs[0]?.value ?? '', 'base64').toString();
}

async function ask(address: string, action: string, body: object): Promise<unknown> {
  const answer = await fetch(`http://${address}:2379/v3/kv/${action}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${address} answers ${answer.status}: ${await answer.text()}`);
  return answer.json();
}
