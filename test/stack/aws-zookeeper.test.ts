import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { StartedJob } from '../../src/client/index.ts';
import { findSshdMachinesObstacle } from '../../src/conformance/index.ts';
import type { JobView } from '../../src/domain/index.ts';
import { AWS_RUNTIME, countEc2, createAwsRuntime, startAwsStack, type AwsStack } from './aws-stack.ts';
import { askFourLetters, connectZookeeper } from './packages/zookeeper-client.ts';

const PACKAGE = fileURLToPath(new URL('../../examples/zookeeper', import.meta.url));
const JOB_LIMIT_MS = 300_000;
const obstacle =
  findSshdMachinesObstacle() ??
  (existsSync('/usr/share/java/zookeeper.jar') ? null : 'no ZooKeeper is installed');
const NOTHING = { instances: 0, running: 0, volumes: 0, attached: 0 };

const denying = (action: string) => ({
  Version: '2012-10-17',
  Statement: [
    { Effect: 'Allow', Action: '*', Resource: '*' },
    { Effect: 'Deny', Action: action, Resource: '*' },
  ],
});

describe('an ensemble of ZooKeeper on EC2, over its API and SSH', () => {
  let aws: AwsStack;
  let clusterId: string;

  beforeAll(async () => {
    if (obstacle !== null) return;
    aws = await startAwsStack(79);
    const narrow = await aws.moto.createUser('narrow', denying('ec2:CreateVolume'));
    await createAwsRuntime({ ...aws, credential: narrow });
  }, JOB_LIMIT_MS);
  afterAll(() => aws?.end(), JOB_LIMIT_MS);
  beforeEach((context) => {
    if (obstacle !== null) context.skip(obstacle);
  });

  const create = (name: string): Promise<StartedJob> =>
    aws.stack.client.clusters.create({
      app: PACKAGE,
      runtime: AWS_RUNTIME,
      name,
      conf: { env: { tickTime: 500, heap_mib: 64 } },
      requestId: name,
    });
  const finish = ({ clusterId: id, jobId }: StartedJob): Promise<JobView> =>
    aws.stack.client.jobs.wait(jobId, { clusterId: id, timeoutMs: JOB_LIMIT_MS });
  const listAddresses = async () =>
    (await aws.stack.client.clusters.describe(clusterId)).nodes.map(({ privateIp }) => privateIp);

  it(
    'is not created by a credential that may not make volumes; the failure names that action',
    { timeout: JOB_LIMIT_MS },
    async () => {
      const job = await finish(await create('refused'));
      expect(job).toMatchObject({
        status: 'failed',
        error: { kind: 'permission', message: expect.stringContaining('ec2:CreateVolume') as string },
      });
      expect(await countEc2(aws.moto)).toEqual(NOTHING);
    },
  );

  it(
    'is created when the runtime has another credential, and its three servers elect a leader',
    { timeout: JOB_LIMIT_MS },
    async () => {
      await aws.stack.client.runtimes.update(AWS_RUNTIME, { credential: JSON.stringify(aws.credential) });
      const job = await create('coordination');
      ({ clusterId } = job);
      expect(await finish(job)).toMatchObject({ status: 'successful', error: null });
      const addresses = await listAddresses();
      const states = await Promise.all(addresses.map((address) => askFourLetters(address, 2181, 'srvr')));
      const modes = states.map((state) => /^Mode: (\w+)/m.exec(state)?.[1]);
      expect(modes.sort()).toEqual(['follower', 'follower', 'leader']);
    },
  );

  it(
    'shows through one server what was written through another, also after stop and start',
    { timeout: JOB_LIMIT_MS },
    async () => {
      const [first = '', second = ''] = await listAddresses();
      const writer = await connectZookeeper(first, 2181);
      await writer.create('/windlass', 'written on EC2');
      writer.close();
      expect(await finish(await aws.stack.client.clusters.stop(clusterId))).toMatchObject({
        status: 'successful',
      });
      expect(await countEc2(aws.moto)).toMatchObject({ instances: 3, running: 0, volumes: 3, attached: 0 });
      expect(await finish(await aws.stack.client.clusters.start(clusterId))).toMatchObject({
        status: 'successful',
      });
      const reader = await connectZookeeper(second, 2181);
      expect(await reader.read('/windlass')).toBe('written on EC2');
      reader.close();
    },
  );

  it('is deleted, and nothing of it is left', { timeout: JOB_LIMIT_MS }, async () => {
    expect(await finish(await aws.stack.client.clusters.delete(clusterId))).toMatchObject({
      status: 'successful',
    });
    expect(await countEc2(aws.moto)).toEqual(NOTHING);
    expect(aws.ec2Machines.machines.list()).toEqual([]);
    expect(aws.ec2Machines.faults()).toEqual([]);
  });
});
