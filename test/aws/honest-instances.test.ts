import {
  DescribeInstancesCommand,
  DescribeSubnetsCommand,
  ImportKeyPairCommand,
  ModifyInstanceAttributeCommand,
  RunInstancesCommand,
  StartInstancesCommand,
  StopInstancesCommand,
  TerminateInstancesCommand,
  type EC2Client,
  type RunInstancesCommandInput,
} from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { startMoto, type Moto, type MotoEvent } from '../kit/moto/index.ts';
import { generateKeyPair } from '../../src/nodes/index.ts';
import { expectRefused, furnish, type TestCloud } from './moto-kit.ts';

// One test for each correction of instances. On plain moto each of them is red
// (`HONEST_MOTO_WITHOUT='*' npm test -- test/aws/honest`) but three, which say so: they go red when a
// correction does too much.

/** Longer than a test takes: what lasts so long ends when the test says so. */
const LONG_MS = 600_000;

let moto: Moto;
let cloud: TestCloud;

beforeAll(async () => {
  moto = await startMoto();
}, 600_000);
afterAll(() => moto.close());
beforeEach(async () => {
  await moto.change({
    pendingMs: 0,
    stoppingMs: 0,
    shuttingDownMs: 0,
    visibleAfterMs: 0,
    capacity: [],
    quotas: {},
  });
  await moto.reset();
  cloud = await furnish(moto);
});

async function run(
  change: Partial<RunInstancesCommandInput> = {},
  ec2: EC2Client = cloud.ec2,
): Promise<string> {
  const { Instances } = await ec2.send(
    new RunInstancesCommand({
      ImageId: cloud.imageId,
      InstanceType: 't3.micro',
      MinCount: 1,
      MaxCount: 1,
      SubnetId: cloud.subnetId,
      ...change,
    }),
  );
  return Instances?.[0]?.InstanceId ?? '';
}

async function readState(instanceId: string): Promise<string | undefined> {
  const answer = await cloud.ec2.send(new DescribeInstancesCommand({ InstanceIds: [instanceId] }));
  return answer.Reservations?.[0]?.Instances?.[0]?.State?.Name;
}

async function countInstances(): Promise<number> {
  return (await moto.resources()).instances.length;
}

it('makes one instance for one client token, however often and by how many at once', async () => {
  const ids = await Promise.all(Array.from({ length: 5 }, () => run({ ClientToken: 'token-1' })));
  expect(new Set([...ids, await run({ ClientToken: 'token-1' })]).size).toBe(1);
  expect(await countInstances()).toBe(1);
});

// Plain moto does so too: no correction may bind more than a token.
it('makes another instance for another token, and for each request without one', async () => {
  await run({ ClientToken: 'token-1' });
  await run({ ClientToken: 'token-2' });
  await run({ ClientToken: '' });
  await run({ ClientToken: '' });
  expect(await countInstances()).toBe(4);
});

it('refuses a known token with other arguments', async () => {
  await run({ ClientToken: 'token-1' });
  await expectRefused(
    run({ ClientToken: 'token-1', InstanceType: 't3.small' }),
    'IdempotentParameterMismatch',
  );
  expect(await countInstances()).toBe(1);
});

// Plain moto does so too.
it('takes a token in another zone for another request', async () => {
  await run({ ClientToken: 'token-1' });
  await run({ ClientToken: 'token-1', SubnetId: cloud.network.subnets[1]?.subnetId ?? '' });
  expect(await countInstances()).toBe(2);
});

it('keeps a token bound to an instance that was terminated', async () => {
  const id = await run({ ClientToken: 'token-1' });
  await cloud.ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
  await expectRefused(run({ ClientToken: 'token-1' }), 'IdempotentInstanceTerminated');
  expect(await countInstances()).toBe(0);
});

it('binds no token to a request that was refused', async () => {
  await moto.change({ capacity: [{ left: 0 }] });
  await expectRefused(run({ ClientToken: 'token-1' }), 'InsufficientInstanceCapacity');
  await moto.change({ capacity: [] });
  await run({ ClientToken: 'token-1' });
  expect(await countInstances()).toBe(1);
});

it('refuses a token of more than 64 characters', async () => {
  await expectRefused(run({ ClientToken: 'x'.repeat(65) }), 'InvalidParameterValue');
});

it('makes up to MaxCount instances, and at least MinCount or none', async () => {
  await run({ MinCount: 1, MaxCount: 3 });
  expect(await countInstances()).toBe(3);
  await moto.change({ capacity: [{ left: 2 }] });
  await expectRefused(run({ MinCount: 3, MaxCount: 4 }), 'InsufficientInstanceCapacity');
  await run({ MinCount: 1, MaxCount: 4 });
  expect(await countInstances()).toBe(5);
  await expectRefused(run({ MinCount: 3, MaxCount: 1 }), 'InvalidParameterValue');
});

it('has no room in the zone or for the type for which there is none', async () => {
  await moto.change({ capacity: [{ zone: 'us-east-1a', instanceType: 't3.micro', left: 0 }] });
  await expectRefused(run(), 'InsufficientInstanceCapacity');
  await run({ InstanceType: 't3.small' });
  await run({ SubnetId: cloud.network.subnets[1]?.subnetId ?? '' });
});

it('takes its time from state to state, and says which one it is in', async () => {
  await moto.change({ pendingMs: LONG_MS, stoppingMs: LONG_MS, shuttingDownMs: LONG_MS });
  const id = await run();
  expect(await readState(id)).toBe('pending');
  await expectRefused(
    cloud.ec2.send(new StopInstancesCommand({ InstanceIds: [id] })),
    'IncorrectInstanceState',
  );
  await moto.hurry();
  expect(await readState(id)).toBe('running');
  await cloud.ec2.send(new StopInstancesCommand({ InstanceIds: [id] }));
  expect(await readState(id)).toBe('stopping');
  await expectRefused(
    cloud.ec2.send(new StartInstancesCommand({ InstanceIds: [id] })),
    'IncorrectInstanceState',
  );
  await moto.hurry();
  expect(await readState(id)).toBe('stopped');
  await cloud.ec2.send(new StartInstancesCommand({ InstanceIds: [id] }));
  expect(await readState(id)).toBe('pending');
  await cloud.ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
  expect(await readState(id)).toBe('shutting-down');
  await moto.hurry();
  expect(await readState(id)).toBe('terminated');
  // By itself too, when its time is over.
  await moto.change({ pendingMs: 0, shuttingDownMs: 50 });
  const other = await run();
  await cloud.ec2.send(new TerminateInstancesCommand({ InstanceIds: [other] }));
  await vi.waitFor(async () => expect(await readState(other)).toBe('terminated'), 30_000);
});

// Plain moto does so too: states that change at once change after the answer.
it('says in its answer what has begun, also where that takes no time', async () => {
  const { Instances } = await cloud.ec2.send(
    new RunInstancesCommand({
      ImageId: cloud.imageId,
      InstanceType: 't3.micro',
      MinCount: 1,
      MaxCount: 1,
      SubnetId: cloud.subnetId,
    }),
  );
  expect(Instances?.[0]?.State?.Name).toBe('pending');
  const id = Instances?.[0]?.InstanceId ?? '';
  expect(await readState(id)).toBe('running');
  const { StoppingInstances } = await cloud.ec2.send(new StopInstancesCommand({ InstanceIds: [id] }));
  expect(StoppingInstances?.[0]).toMatchObject({
    CurrentState: { Name: 'stopping' },
    PreviousState: { Name: 'running' },
  });
  expect(await readState(id)).toBe('stopped');
});

it('does not find what was just made, neither by id nor by tag, for a while', async () => {
  await moto.change({ visibleAfterMs: LONG_MS });
  const id = await run({
    TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'k', Value: 'v' }] }],
  });
  const byTag = new DescribeInstancesCommand({ Filters: [{ Name: 'tag:k', Values: ['v'] }] });
  await expectRefused(readState(id), 'InvalidInstanceID.NotFound');
  await expectRefused(
    cloud.ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] })),
    'InvalidInstanceID.NotFound',
  );
  expect((await cloud.ec2.send(byTag)).Reservations).toEqual([]);
  expect(await countInstances()).toBe(1);
  await moto.change({ visibleAfterMs: 100 });
  await vi.waitFor(async () => expect(await readState(id)).toBe('running'), 30_000);
  expect((await cloud.ec2.send(byTag)).Reservations).toHaveLength(1);
});

it('refuses to start or stop what is terminated', async () => {
  const id = await run();
  await cloud.ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
  await expectRefused(
    cloud.ec2.send(new StartInstancesCommand({ InstanceIds: [id] })),
    'IncorrectInstanceState',
  );
  await expectRefused(
    cloud.ec2.send(new StopInstancesCommand({ InstanceIds: [id] })),
    'IncorrectInstanceState',
  );
  await cloud.ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
});

it('changes the type of a stopped instance only, and only to a type that fits', async () => {
  const id = await run();
  const resize = (type: string) =>
    cloud.ec2.send(new ModifyInstanceAttributeCommand({ InstanceId: id, InstanceType: { Value: type } }));
  await expectRefused(resize('t3.small'), 'IncorrectInstanceState');
  await cloud.ec2.send(new StopInstancesCommand({ InstanceIds: [id] }));
  await expectRefused(resize('t3.enormous'), 'InvalidInstanceAttributeValue');
  await expectRefused(resize('t4g.small'), 'InvalidParameterCombination');
  await resize('t3.small');
  expect((await moto.resources()).instances[0]).toMatchObject({
    instanceType: 't3.small',
    cpu: 2,
    memoryMiB: 2048,
  });
});

it('refuses an image, a type, a key pair or a zone that do not exist or do not fit', async () => {
  await expectRefused(run({ ImageId: 'ami-00000000' }), 'InvalidAMIID.NotFound');
  await expectRefused(run({ InstanceType: 't3.enormous' as never }), 'InvalidParameterValue');
  await expectRefused(run({ InstanceType: 't4g.micro' }), 'InvalidParameterValue');
  await expectRefused(run({ KeyName: 'nobody' }), 'InvalidKeyPair.NotFound');
  await expectRefused(run({ SubnetId: 'subnet-00000000' }), 'InvalidSubnetID.NotFound');
  const [, publicKey = ''] = generateKeyPair('key').publicKey.split(' ');
  await cloud.ec2.send(
    new ImportKeyPairCommand({
      KeyName: 'known',
      PublicKeyMaterial: Buffer.from(`ssh-ed25519 ${publicKey}`),
    }),
  );
  await run({ KeyName: 'known' });
});

it('refuses an address that is taken, reserved or outside, by its own code', async () => {
  const id = await run({ PrivateIpAddress: '127.77.1.20' });
  await expectRefused(run({ PrivateIpAddress: '127.77.1.20' }), 'InvalidIPAddress.InUse');
  await expectRefused(run({ PrivateIpAddress: '127.77.1.2' }), 'InvalidParameterValue');
  await expectRefused(run({ PrivateIpAddress: '127.78.1.20' }), 'InvalidParameterValue');
  await expectRefused(run({ PrivateIpAddress: 'twenty' }), 'InvalidParameterValue');
  await cloud.ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
  await run({ PrivateIpAddress: '127.77.1.20' });
});

it('gives addresses back when instances end', async () => {
  const count = async () => {
    const { Subnets } = await cloud.ec2.send(new DescribeSubnetsCommand({ SubnetIds: [cloud.subnetId] }));
    return Subnets?.[0]?.AvailableIpAddressCount;
  };
  const before = await count();
  const id = await run();
  expect(await count()).toBe((before ?? 0) - 1);
  await cloud.ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
  expect(await count()).toBe(before);
});

it('refuses more vCPUs of a family than its quota allows', async () => {
  await moto.change({ quotas: { 'L-1216C47A': 4 } });
  await run();
  await run();
  await expectRefused(run(), 'VcpuLimitExceeded');
  await run({ InstanceType: 'g4dn.xlarge' });
});

it('refuses user-data of more than 16 KiB', async () => {
  const data = (bytes: number) => Buffer.alloc(bytes, 'x').toString('base64');
  await run({ UserData: data(16_384) });
  await expectRefused(run({ UserData: data(16_385) }), 'InvalidParameterValue');
});

it('tells what a machine would notice: that it boots, with what, stops, boots again and ends', async () => {
  const events: MotoEvent[] = [];
  const end = moto.onEvent((event) => void events.push(event));
  const userData = Buffer.from('#cloud-config\n').toString('base64');
  const id = await run({ UserData: userData, PrivateIpAddress: '127.77.1.30' });
  await cloud.ec2.send(new StopInstancesCommand({ InstanceIds: [id] }));
  await cloud.ec2.send(new StartInstancesCommand({ InstanceIds: [id] }));
  await moto.destroyInstance(id);
  await vi.waitFor(() => expect(events).toHaveLength(4), 30_000);
  end();
  const facts = { event: 'instance', instanceId: id, userData, privateIpAddress: '127.77.1.30' };
  expect(events).toMatchObject(
    ['running', 'stopped', 'running', 'terminated'].map((state) => ({ ...facts, state })),
  );
});
