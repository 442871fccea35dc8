import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { StartedJob } from '../../src/client/index.ts';
import { findSshdMachinesObstacle } from '../../src/conformance/index.ts';
import type { JobView } from '../../src/protocol/index.ts';
import { isReachable } from '../kit/is-reachable.ts';
import { canMakeNamespaces, NO_NAMESPACES } from '../kit/network-namespaces.ts';
import { AWS_RUNTIME, countEc2, createAwsRuntime, startAwsStack, type AwsStack } from './aws-stack.ts';
import { connectZookeeper, listModes } from './packages/zookeeper-client.ts';

const PACKAGE = fileURLToPath(new URL('../../examples/zookeeper', import.meta.url));
const JOB_LIMIT_MS = 300_000;
const obstacle =
  findSshdMachinesObstacle() ??
  (existsSync('/usr/share/java/zookeeper.jar') ? null : 'no ZooKeeper is installed');
const POSSIBLE_GATE = canMakeNamespaces();
const ONE_BEHIND = { runtime: 'behind', count: 1 };
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
    aws = await startAwsStack(79, { gated: POSSIBLE_GATE });
    const narrow = await aws.moto.createUser('narrow', denying('ec2:CreateVolume'));
    await createAwsRuntime({ ...aws, credential: narrow });
  }, JOB_LIMIT_MS);
  afterAll(() => aws?.end(), JOB_LIMIT_MS);
  beforeEach((context) => {
    if (obstacle !== null) context.skip(obstacle);
  });

  const create = (name: string, { runtime = AWS_RUNTIME, count = 3 } = {}): Promise<StartedJob> =>
    aws.stack.client.clusters.create({
      app: PACKAGE,
      runtime,
      name,
      conf: { cluster: { server: { count } }, env: { tickTime: 500, heap_mib: 64 } },
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
      // The instances are made beside the volumes. A delete takes back what is there.
      expect(await finish(await aws.stack.client.clusters.delete(job.clusterId))).toMatchObject({
        status: 'successful',
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
      await expect
        .poll(() => listModes(addresses.map((address) => [address, 2181])), { timeout: 60_000 })
        .toEqual(['follower', 'follower', 'leader']);
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

  it(
    'lives behind a frontgate where the runtime has one: made once for two clusters, open to one range, gone with the last',
    { timeout: JOB_LIMIT_MS },
    async (context) => {
      const { gated, moto, ec2Machines, stack } = aws;
      if (gated === null) return context.skip(NO_NAMESPACES);
      await createAwsRuntime(aws, {
        name: 'behind',
        settings: {
          subnet: gated.innerSubnetId,
          publicIp: 'false',
          frontgate: 'on',
          frontgateSubnet: gated.outerSubnetId,
          frontgateSshSources: gated.ownRange,
        },
      });
      const listInside = async () => {
        const { instances } = await moto.resources();
        const inside = [gated.innerSubnetId, gated.outerSubnetId];
        return instances.filter(({ subnetId }) => inside.includes(subnetId));
      };
      // Both ask at once for the frontgate that is not there yet.
      const jobs = await Promise.all([create('first', ONE_BEHIND), create('second', ONE_BEHIND)]);
      for (const job of jobs) expect(await finish(job)).toMatchObject({ status: 'successful', error: null });

      const inside = await listInside();
      const [gate, ...more] = inside.filter(({ subnetId }) => subnetId === gated.outerSubnetId);
      const nodes = inside.filter(({ subnetId }) => subnetId === gated.innerSubnetId);
      expect([more, nodes.length]).toEqual([[], 2]);
      expect(gate).toMatchObject({ instanceType: 't3.micro', state: 'running', httpTokens: 'required' });
      const gateCluster = gate?.tags['windlass:cluster'] ?? '';
      const made = await moto.made();
      expect(made.filter(({ tags }) => (tags['windlass:cluster'] ?? '').startsWith('fg-'))).toHaveLength(1);

      const groups = await gated.listGroups();
      const group = groups.find(({ GroupName }) => GroupName === `windlass-${gateCluster}`);
      expect(group?.IpPermissions).toMatchObject([
        { IpProtocol: 'tcp', FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp: gated.ownRange }] },
      ]);
      expect(await gated.readGroupsOf(gate?.instanceId ?? '')).toContain(group?.GroupId);
      for (const { instanceId, privateIpAddress } of nodes) {
        expect(await gated.readGroupsOf(instanceId)).not.toContain(group?.GroupId);
        expect(await isReachable(privateIpAddress, 22)).toBe(false);
        // Past SSH: a machine of the test's own is looked into by its host.
        const srvr = `exec 3<>/dev/tcp/${privateIpAddress}/2181; echo srvr >&3; cat <&3`;
        expect(await ec2Machines.machines.execute(instanceId, `bash -c '${srvr}'`)).toMatch(
          /^Mode: standalone/m,
        );
        const mounts = await ec2Machines.machines.execute(instanceId, 'cat /proc/mounts');
        expect(mounts).toMatch(/^\/dev\/nvme\S+ \/data ext4 /m);
      }
      expect(await isReachable(gate?.privateIpAddress ?? '', 22)).toBe(true);

      const [first, second] = jobs;
      expect(await finish(await stack.client.clusters.delete(first.clusterId))).toMatchObject({
        status: 'successful',
      });
      expect((await listInside()).map(({ state }) => state)).toEqual(['running', 'running']);
      expect(await finish(await stack.client.clusters.delete(second.clusterId))).toMatchObject({
        status: 'successful',
      });
      expect(await listInside()).toEqual([]);
      expect((await gated.listGroups()).map(({ GroupName }) => GroupName)).toEqual(['default']);
      await stack.client.runtimes.delete('behind');
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
