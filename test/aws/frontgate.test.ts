import { DescribeSecurityGroupsCommand, EC2Client } from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FRONTGATE_PACKAGE } from '../../src/vm/index.ts';
import { createAwsHarness, REGION, type AwsHarness } from '../conformance/aws-harness.ts';
import { openAwsBench } from './provider-kit.ts';

const START_LIMIT_MS = 120_000;
const SOURCES = ['203.0.113.0/24', '2001:db8::/48'];

describe('the frontgate of a VPC', () => {
  let harness: AwsHarness;
  let ec2: EC2Client;
  beforeAll(async () => {
    harness = await createAwsHarness();
    const { accessKeyId = '', secretAccessKey = '' } = harness.credential;
    const credentials = { accessKeyId, secretAccessKey };
    ec2 = new EC2Client({ endpoint: harness.moto.url, region: REGION, credentials });
  }, START_LIMIT_MS);
  afterAll(async () => {
    ec2.destroy();
    await harness.dispose();
  });

  const openFrontgateBench = (sources: readonly string[]) => {
    const { provider } = harness;
    return openAwsBench({
      ...harness,
      content: FRONTGATE_PACKAGE,
      conf: {},
      provider: {
        ...provider,
        capabilities: { ...provider.capabilities, volumes: false },
      },
      purpose: 'frontgate',
      runtime: {
        ...harness.runtime,
        settings: { ...harness.runtime.settings, frontgate: 'on', frontgateSshSources: sources.join(',') },
      },
    });
  };
  const listGroups = async (clusterId: string) => {
    const Filters = [{ Name: 'tag:windlass:cluster', Values: [clusterId] }];
    return (await ec2.send(new DescribeSecurityGroupsCommand({ Filters }))).SecurityGroups ?? [];
  };

  it('is a small instance with a group that lets in SSH from the named ranges only, and goes with it', async () => {
    const bench = await openFrontgateBench(SOURCES);
    const { clusterId } = bench.engine.cluster().cluster;
    await bench.engine.run(bench.task('RunInstances'));
    const [group, ...more] = await listGroups(clusterId);
    expect(more).toEqual([]);
    expect(group?.VpcId).toBe(harness.vpcId);
    const permissions = group?.IpPermissions ?? [];
    expect(
      permissions.every(
        ({ FromPort, ToPort, IpProtocol }) => FromPort === 22 && ToPort === 22 && IpProtocol === 'tcp',
      ),
    ).toBe(true);
    const ranges = permissions.flatMap(({ IpRanges = [], Ipv6Ranges = [] }) => [
      ...IpRanges.map(({ CidrIp }) => CidrIp),
      ...Ipv6Ranges.map(({ CidrIpv6 }) => CidrIpv6),
    ]);
    expect(ranges.sort()).toEqual([...SOURCES].sort());
    const { instances } = await harness.moto.resources();
    const instance = instances.find(({ tags }) => tags['windlass:cluster'] === clusterId);
    expect(instance).toMatchObject({ instanceType: 't3.micro', state: 'running' });
    await bench.engine.run(bench.task('DeleteInstances'));
    expect(await listGroups(clusterId)).toEqual([]);
  });

  it('has one group, however often it is asked for', async () => {
    const bench = await openFrontgateBench(SOURCES);
    const { clusterId } = bench.engine.cluster().cluster;
    const task = bench.task('RunInstances');
    await bench.engine.handle(task, { answerLost: true });
    await Promise.all([bench.engine.run(task), bench.engine.run(task)]);
    expect(await listGroups(clusterId)).toHaveLength(1);
    await bench.engine.run(bench.task('DeleteInstances'));
    expect(await listGroups(clusterId)).toEqual([]);
  });
});
