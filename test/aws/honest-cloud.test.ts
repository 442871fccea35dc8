import {
  CreateVolumeCommand,
  DescribeInstancesCommand,
  DescribeVolumesCommand,
  paginateDescribeInstances,
  RunInstancesCommand,
  type Filter,
} from '@aws-sdk/client-ec2';
import {
  GetServiceQuotaCommand,
  ListServiceQuotasCommand,
  ServiceQuotasClient,
} from '@aws-sdk/client-service-quotas';
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { ALLOW_ALL, startMoto, type Moto } from '../kit/moto/index.ts';
import { ANY_KEY, createEc2, expectRefused, furnish, REGION, type TestCloud } from './moto-kit.ts';

// One test for each correction of reads, quotas and permissions. On plain moto each of them is red:
// `HONEST_MOTO_WITHOUT='*' npm test -- test/aws/honest`.

let moto: Moto;
let cloud: TestCloud;

beforeAll(async () => {
  moto = await startMoto();
}, 600_000);
afterAll(() => moto.close());
beforeEach(async () => {
  await moto.change({ authentication: false, quotas: {} });
  await moto.reset();
  cloud = await furnish(moto);
});

async function run(count = 1, change = {}): Promise<readonly string[]> {
  const { Instances = [] } = await cloud.ec2.send(
    new RunInstancesCommand({
      ImageId: cloud.imageId,
      InstanceType: 't3.micro',
      MinCount: count,
      MaxCount: count,
      SubnetId: cloud.subnetId,
      ...change,
    }),
  );
  return Instances.map((instance) => instance.InstanceId ?? '');
}

async function find(...filters: Filter[]): Promise<readonly (string | undefined)[]> {
  const { Reservations = [] } = await cloud.ec2.send(new DescribeInstancesCommand({ Filters: filters }));
  return Reservations.flatMap(({ Instances = [] }) => Instances.map((instance) => instance.InstanceId));
}

it('finds instances by client token, reservation, state code, launch time and volume', async () => {
  const [id] = await run(1, { ClientToken: 'token-1' });
  await run(1, { ClientToken: 'token-2' });
  const { Reservations } = await cloud.ec2.send(new DescribeInstancesCommand({ InstanceIds: [id ?? ''] }));
  const [reservation] = Reservations ?? [];
  const volumeId = reservation?.Instances?.[0]?.BlockDeviceMappings?.[0]?.Ebs?.VolumeId ?? '';
  expect(await find({ Name: 'client-token', Values: ['token-1'] })).toEqual([id]);
  expect(await find({ Name: 'reservation-id', Values: [reservation?.ReservationId ?? ''] })).toEqual([id]);
  expect(await find({ Name: 'block-device-mapping.volume-id', Values: [volumeId] })).toEqual([id]);
  expect(await find({ Name: 'instance-state-code', Values: ['16'] })).toHaveLength(2);
  expect(await find({ Name: 'instance-state-code', Values: ['80'] })).toHaveLength(0);
  expect(await find({ Name: 'launch-time', Values: ['2*'] })).toHaveLength(2);
});

it('refuses a filter that it does not know, more than 200 values of one, and more than 1000 ids', async () => {
  const many = (count: number, prefix: string) =>
    Array.from({ length: count }, (_, index) => `${prefix}${index.toString(16).padStart(17, '0')}`);
  await expectRefused(find({ Name: 'colour', Values: ['red'] }), 'InvalidParameterValue');
  expect(await find({ Name: 'tag:k', Values: many(200, '') })).toEqual([]);
  await expectRefused(find({ Name: 'tag:k', Values: many(201, '') }), 'FilterLimitExceeded');
  const byIds = (count: number) =>
    cloud.ec2.send(new DescribeInstancesCommand({ InstanceIds: many(count, 'i-') }));
  await expectRefused(byIds(1001), 'InvalidParameterValue');
  await expectRefused(byIds(1000), 'InvalidInstanceID.NotFound');
});

it('refuses ids that are none', async () => {
  const describe = (id: string) => cloud.ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] }));
  await expectRefused(describe('i-nothing'), 'InvalidInstanceID.Malformed');
  await expectRefused(describe('i-0123456789abcdef0'), 'InvalidInstanceID.NotFound');
});

it('tells of all instances that are asked for by id, and of others in pages', async () => {
  const ids = [];
  for (let index = 0; index < 12; index += 1) ids.push(...(await run()));
  const { Reservations } = await cloud.ec2.send(new DescribeInstancesCommand({ InstanceIds: ids }));
  expect(Reservations).toHaveLength(12);
  const pages = [];
  for await (const page of paginateDescribeInstances({ client: cloud.ec2, pageSize: 5 }, {})) {
    pages.push(page.Reservations?.length);
  }
  expect(pages).toEqual([5, 5, 2]);
  await expectRefused(
    cloud.ec2.send(new DescribeInstancesCommand({ MaxResults: 4 })),
    'InvalidParameterValue',
  );
  await expectRefused(
    cloud.ec2.send(new DescribeInstancesCommand({ MaxResults: 5, InstanceIds: ids })),
    'InvalidParameterCombination',
  );
});

it('tells of volumes in pages', async () => {
  for (let index = 0; index < 7; index += 1) {
    await cloud.ec2.send(
      new CreateVolumeCommand({ Size: 1, VolumeType: 'gp3', AvailabilityZone: 'us-east-1a' }),
    );
  }
  const first = await cloud.ec2.send(new DescribeVolumesCommand({ MaxResults: 5 }));
  const second = await cloud.ec2.send(
    new DescribeVolumesCommand({ MaxResults: 5, NextToken: first.NextToken }),
  );
  expect([first.Volumes?.length, second.Volumes?.length, second.NextToken]).toEqual([5, 2, undefined]);
});

it('knows the quotas of EC2 and EBS, with values that a test may set', async () => {
  const quotas = new ServiceQuotasClient({
    endpoint: moto.url,
    region: REGION,
    credentials: ANY_KEY,
    maxAttempts: 1,
  });
  const read = async (service: string, code: string) =>
    (await quotas.send(new GetServiceQuotaCommand({ ServiceCode: service, QuotaCode: code }))).Quota?.Value;
  expect(await read('ec2', 'L-1216C47A')).toBe(1152);
  await moto.change({ quotas: { 'L-1216C47A': 5, 'L-7A658B76': 2 } });
  expect(await read('ec2', 'L-1216C47A')).toBe(5);
  expect(await read('ebs', 'L-7A658B76')).toBe(2);
  await expectRefused(read('ec2', 'L-00000000'), 'NoSuchResourceException');
  const { Quotas = [] } = await quotas.send(new ListServiceQuotasCommand({ ServiceCode: 'ec2' }));
  expect(Quotas.map((quota) => quota.QuotaCode)).toContain('L-DB2E81BA');
});

it('refuses unknown keys, wrong secrets and what a policy does not allow, as EC2 says it', async () => {
  const key = await moto.createUser('reader', {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: ['ec2:DescribeInstances', 'ec2:CreateVolume'], Resource: '*' }],
  });
  await moto.change({ authentication: true });
  const describe = (credentials: typeof ANY_KEY) =>
    createEc2(moto.url, credentials).send(new DescribeInstancesCommand({}));
  await expectRefused(describe(ANY_KEY), 'AuthFailure');
  await expectRefused(describe({ ...key, secretAccessKey: 'wrong' }), 'AuthFailure');
  await describe(key);
  await expectRefused(createEc2(moto.url, key).send(new DescribeVolumesCommand({})), 'UnauthorizedOperation');
  const sts = new STSClient({ endpoint: moto.url, region: REGION, credentials: key, maxAttempts: 1 });
  expect((await sts.send(new GetCallerIdentityCommand({}))).Account).toBe(moto.account);
});

it('asks for the permission to tag where something is made with tags', async () => {
  const allow = (...actions: string[]) => ({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: actions, Resource: '*' }],
  });
  const key = await moto.createUser('maker', allow('ec2:CreateVolume'));
  await moto.change({ authentication: true });
  const ec2 = createEc2(moto.url, key);
  const create = (tags: readonly { Key: string; Value: string }[]) =>
    ec2.send(
      new CreateVolumeCommand({
        Size: 1,
        VolumeType: 'gp3',
        AvailabilityZone: 'us-east-1a',
        ...(tags.length === 0 ? {} : { TagSpecifications: [{ ResourceType: 'volume', Tags: [...tags] }] }),
      }),
    );
  await create([]);
  await expectRefused(create([{ Key: 'k', Value: 'v' }]), 'UnauthorizedOperation');
  await moto.changePolicy('maker', allow('ec2:CreateVolume', 'ec2:CreateTags'));
  await create([{ Key: 'k', Value: 'v' }]);
});

it('lets a role be assumed by those whom it trusts, and with its external id only', async () => {
  const key = await moto.createUser('stranger', ALLOW_ALL);
  const { roleArn } = await moto.createRole(
    'windlass',
    {
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { AWS: `arn:aws:iam::${moto.account}:user/stranger` },
          Action: 'sts:AssumeRole',
          Condition: { StringEquals: { 'sts:ExternalId': 'the-id' } },
        },
      ],
    },
    ALLOW_ALL,
  );
  await moto.change({ authentication: true });
  const sts = new STSClient({ endpoint: moto.url, region: REGION, credentials: key, maxAttempts: 1 });
  const assume = (ExternalId?: string) =>
    sts.send(
      new AssumeRoleCommand({
        RoleArn: roleArn,
        RoleSessionName: 'test',
        ...(ExternalId ? { ExternalId } : {}),
      }),
    );
  await expectRefused(assume(), 'AccessDenied');
  await expectRefused(assume('another'), 'AccessDenied');
  expect((await assume('the-id')).Credentials?.SessionToken).toBeTruthy();
});

it('logs every request that reached it: by whom, what and how it ended', async () => {
  await moto.forgetRequests();
  await run(1, { TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'k', Value: 'v' }] }] });
  await expectRefused(find({ Name: 'colour', Values: ['red'] }), 'InvalidParameterValue');
  expect(await moto.requests()).toMatchObject([
    { service: 'ec2', region: REGION, operation: 'RunInstances', tagged: true, status: 200, errorCode: null },
    { operation: 'DescribeInstances', tagged: false, status: 400, errorCode: 'InvalidParameterValue' },
  ]);
});
