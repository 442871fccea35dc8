import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAwsHarness, type AwsHarness } from '../conformance/aws-harness.ts';
import { check, openAwsBench, validate } from './provider-kit.ts';

const START_LIMIT_MS = 120_000;
const GATED = { frontgate: 'on', frontgateSshSources: '203.0.113.0/24' };

describe('a runtime of AWS', () => {
  let harness: AwsHarness;
  beforeAll(async () => {
    harness = await createAwsHarness();
  }, START_LIMIT_MS);
  afterAll(() => harness.dispose());

  it('is usable as it is, and says whose account and which region it is', async () => {
    expect(await validate(harness)).toEqual({ account: harness.moto.account, region: 'us-east-1' });
  });

  it.each([
    ['zone', { zone: 'us-east-1x' }, 'not-found'],
    ['zone', { zone: 'mars-1', settings: { region: '' } }, 'invalid-input'],
    ['subnet', { settings: { subnet: 'subnet-0123456789abcdef0' } }, 'not-found'],
    ['subnet', { settings: { subnets: 'subnet-0123456789abcdef0' } }, 'not-found'],
    ['image', { settings: { image: 'ami-0123456789abcdef0' } }, 'not-found'],
    ['image', { settings: { image: 'ssm:/no/such/parameter' } }, 'not-found'],
    ['image.zk', { settings: { 'image.zk': 'ami-0123456789abcdef0' } }, 'not-found'],
    ['image', { settings: { architecture: 'arm64' } }, 'invalid-input'],
    ['instanceTypes', { settings: { instanceTypes: 'm6i.large,x99.huge' } }, 'not-found'],
    ['instanceTypes', { settings: { instanceTypes: 'm6i.*,x99.*' } }, 'not-found'],
    ['frontgateSubnet', { settings: { ...GATED, frontgateSubnet: 'subnet-0123456789abcdef0' } }, 'not-found'],
    ['frontgateInstanceType', { settings: { ...GATED, frontgateInstanceType: 'x99.huge' } }, 'not-found'],
    [
      'frontgateInstanceType',
      { settings: { ...GATED, frontgateInstanceType: 't4g.micro' } },
      'invalid-input',
    ],
    ['frontgateImage', { settings: { ...GATED, frontgateImage: 'ami-0123456789abcdef0' } }, 'not-found'],
    ['keyName', { settings: { keyName: 'no-such-key' } }, 'not-found'],
    ['securityGroups', { settings: { securityGroups: 'sg-0123456789abcdef0' } }, 'not-found'],
    ['colour', { settings: { colour: 'red' } }, 'invalid-input'],
    ['credential', { credential: { accessKeyId: 'AKIAUNKNOWN', secretAccessKey: 'x' } }, 'permission'],
    ['credential', { credential: { accessKeyId: 'alone' } }, 'invalid-input'],
    ['credential', { credential: { document: 'no JSON' } }, 'invalid-input'],
    ['url', { url: 'http://127.0.0.1:9' }, 'unavailable'],
  ])('is refused for what its %s names, before any effect', async (field, change, kind) => {
    await harness.moto.forgetRequests();
    await expect(validate(harness, change)).rejects.toMatchObject({ field, kind });
    expect(await listEffects(harness)).toEqual([]);
  });

  it.each([
    ['cluster.vxnet', { subnetId: 'subnet-0123456789abcdef0' }, 'not-found'],
    ['image', { settings: { image: 'ami-0123456789abcdef0' } }, 'not-found'],
    ['keyName', { settings: { keyName: 'no-such-key' } }, 'not-found'],
    ['instanceTypes', { settings: { instanceTypes: 't3.nano' } }, 'invalid-input'],
    ['volume.size', { settings: { volumeTypes: '0:st1' } }, 'invalid-input'],
  ])('has no room for a cluster whose %s is wrong, before any effect', async (field, change, kind) => {
    const bench = await openAwsBench(harness);
    await harness.moto.forgetRequests();
    await expect(check(harness, bench, change)).rejects.toMatchObject({ field, kind });
    expect(await listEffects(harness)).toEqual([]);
  });

  it('has no room in a subnet of another zone', async () => {
    const bench = await openAwsBench(harness);
    const { subnetId = '' } = harness.subnets[1] ?? {};
    await expect(check(harness, bench, { subnetId })).rejects.toMatchObject({
      field: 'subnet',
      code: 'AWS_SUBNET_ZONE',
    });
  });

  it('takes what running jobs have reserved off the quota, and says how much is left', async () => {
    const bench = await openAwsBench(harness);
    await harness.moto.change({ quotas: { 'L-1216C47A': 8 } });
    await check(harness, bench);
    await check(harness, bench, { reservedCpu: 4 });
    await expect(check(harness, bench, { reservedCpu: 5 })).rejects.toMatchObject({
      kind: 'quota',
      message: expect.stringMatching(
        /4 vCPUs of standard instances are requested, but 3 are left of 8/,
      ) as string,
    });
    await harness.moto.change({ quotas: {} });
  });

  it('takes Amazon’s own newest image if none is named', async () => {
    const { image: _image, ...settings } = harness.runtime.settings;
    const bench = await openAwsBench(harness);
    bench.engine.setRuntime({ ...harness.runtime, settings });
    await bench.engine.run(bench.task('RunInstances'));
    await bench.deleteAll();
  });

  it('names the action that its credential may not do', async () => {
    const deny = (action: string) => ({
      Version: '2012-10-17',
      Statement: [
        { Effect: 'Allow', Action: '*', Resource: '*' },
        { Effect: 'Deny', Action: action, Resource: '*' },
      ],
    });
    const credential = { ...(await harness.moto.createUser('narrow', deny('ec2:RunInstances'))) };
    const bench = await openAwsBench({ ...harness, credential });
    await expect(bench.engine.run(bench.task('RunInstances'))).rejects.toMatchObject({
      kind: 'permission',
      code: 'AWS_PERMISSION',
      message: expect.stringContaining('ec2:RunInstances') as string,
    });
    await harness.moto.changePolicy('narrow', deny('ec2:DescribeAvailabilityZones'));
    await expect(validate(harness, { credential })).rejects.toMatchObject({
      code: 'AWS_PERMISSION',
      message: expect.stringContaining('ec2:DescribeAvailabilityZones') as string,
    });
  });
});

/** Requests that change something. */
async function listEffects({ moto }: AwsHarness): Promise<readonly string[]> {
  const requests = await moto.requests();
  return requests.map(({ operation }) => operation).filter((name) => !/^(Describe|Get|List)/.test(name));
}
