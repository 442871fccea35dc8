import {
  AttachVolumeCommand,
  CreateVolumeCommand,
  DeleteVolumeCommand,
  DescribeVolumesCommand,
  DescribeVolumesModificationsCommand,
  DetachVolumeCommand,
  ModifyVolumeCommand,
  RunInstancesCommand,
  TerminateInstancesCommand,
  type CreateVolumeCommandInput,
} from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { startMoto, type Moto, type MotoEvent } from '../kit/moto/index.ts';
import { expectRefused, furnish, type TestCloud } from './moto-kit.ts';

// One test for each correction of volumes. On plain moto each of them is red:
// `HONEST_MOTO_WITHOUT='*' npm test -- test/aws/honest`.

const LIMIT = { timeout: 30_000 };
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
    creatingMs: 0,
    attachingMs: 0,
    detachingMs: 0,
    deletingMs: 0,
    modifyingMs: 0,
    optimizingMs: 0,
    modifyCooldownMs: 6 * 3_600_000,
    visibleAfterMs: 0,
    pendingMs: 0,
    quotas: {},
  });
  await moto.reset();
  cloud = await furnish(moto);
});

async function create(change: Partial<CreateVolumeCommandInput> = {}): Promise<string> {
  const volume = await cloud.ec2.send(
    new CreateVolumeCommand({ Size: 10, VolumeType: 'gp3', AvailabilityZone: 'us-east-1a', ...change }),
  );
  return volume.VolumeId ?? '';
}

async function run(): Promise<string> {
  const { Instances } = await cloud.ec2.send(
    new RunInstancesCommand({
      ImageId: cloud.imageId,
      InstanceType: 't3.micro',
      MinCount: 1,
      MaxCount: 1,
      SubnetId: cloud.subnetId,
    }),
  );
  return Instances?.[0]?.InstanceId ?? '';
}

async function describe(volumeId: string) {
  const { Volumes } = await cloud.ec2.send(new DescribeVolumesCommand({ VolumeIds: [volumeId] }));
  return {
    state: Volumes?.[0]?.State,
    attachment: Volumes?.[0]?.Attachments?.[0]?.State,
    size: Volumes?.[0]?.Size,
  };
}

function attach(volumeId: string, instanceId: string, device = '/dev/sdf') {
  return cloud.ec2.send(
    new AttachVolumeCommand({ VolumeId: volumeId, InstanceId: instanceId, Device: device }),
  );
}

function detach(volumeId: string) {
  return cloud.ec2.send(new DetachVolumeCommand({ VolumeId: volumeId }));
}

function grow(volumeId: string, size: number) {
  return cloud.ec2.send(new ModifyVolumeCommand({ VolumeId: volumeId, Size: size }));
}

async function countVolumes(): Promise<number> {
  return (await moto.resources()).volumes.filter((volume) => !volume.root).length;
}

it('makes one volume for one client token, and refuses it with other arguments', async () => {
  const ids = await Promise.all(Array.from({ length: 5 }, () => create({ ClientToken: 'token-1' })));
  expect(new Set([...ids, await create({ ClientToken: 'token-1' })]).size).toBe(1);
  await expectRefused(create({ ClientToken: 'token-1', Size: 11 }), 'IdempotentParameterMismatch');
  expect(await countVolumes()).toBe(1);
  await create({ ClientToken: 'token-2' });
  expect(await countVolumes()).toBe(2);
});

it('refuses a zone that does not exist, an unknown type, and a size that the type does not have', async () => {
  await expectRefused(create({ AvailabilityZone: 'us-east-1z' }), 'InvalidZone.NotFound');
  await expectRefused(create({ VolumeType: 'gp9' as never }), 'UnknownVolumeType');
  await expectRefused(create({ VolumeType: 'st1', Size: 10 }), 'InvalidParameterValue');
  await expectRefused(create({ VolumeType: 'gp2', Size: 20_000 }), 'InvalidParameterValue');
});

it('gives a gp3 volume the throughput that it has by default', async () => {
  const { Volumes } = await cloud.ec2.send(new DescribeVolumesCommand({ VolumeIds: [await create()] }));
  expect(Volumes?.[0]).toMatchObject({ Throughput: 125, Iops: 3000, MultiAttachEnabled: false });
});

it('refuses more storage than the quota of its type allows', async () => {
  await moto.change({ quotas: { 'L-7A658B76': 1 } });
  await create({ Size: 1000 });
  await expectRefused(create({ Size: 100 }), 'VolumeLimitExceeded');
  await create({ Size: 100, VolumeType: 'gp2' });
});

it('takes its time to create, attach, detach and delete', async () => {
  await moto.change({
    creatingMs: LONG_MS,
    attachingMs: LONG_MS,
    detachingMs: LONG_MS,
    deletingMs: LONG_MS,
  });
  const instance = await run();
  const volume = await create();
  expect(await describe(volume)).toMatchObject({ state: 'creating' });
  await expectRefused(attach(volume, instance), 'IncorrectState');
  await moto.hurry();
  expect(await describe(volume)).toMatchObject({ state: 'available' });
  await attach(volume, instance);
  expect(await describe(volume)).toMatchObject({ state: 'in-use', attachment: 'attaching' });
  await moto.hurry();
  expect(await describe(volume)).toMatchObject({ attachment: 'attached' });
  await detach(volume);
  expect(await describe(volume)).toMatchObject({ state: 'in-use', attachment: 'detaching' });
  await expectRefused(cloud.ec2.send(new DeleteVolumeCommand({ VolumeId: volume })), 'VolumeInUse');
  await moto.hurry();
  expect(await describe(volume)).toMatchObject({ state: 'available' });
  await cloud.ec2.send(new DeleteVolumeCommand({ VolumeId: volume }));
  expect(await describe(volume)).toMatchObject({ state: 'deleting' });
  await moto.hurry();
  await expectRefused(describe(volume), 'InvalidVolume.NotFound');
  // By itself too, when its time is over.
  await moto.change({ creatingMs: 50 });
  const other = await create();
  await vi.waitFor(async () => expect(await describe(other)).toMatchObject({ state: 'available' }), LIMIT);
});

it('says in its answers what has begun, also where that takes no time', async () => {
  const made = await cloud.ec2.send(
    new CreateVolumeCommand({ Size: 10, VolumeType: 'gp3', AvailabilityZone: 'us-east-1a' }),
  );
  expect(made.State).toBe('creating');
  expect(await describe(made.VolumeId ?? '')).toMatchObject({ state: 'available' });
});

it('does not find what was just made for a while', async () => {
  await moto.change({ visibleAfterMs: LONG_MS });
  const volume = await create({
    TagSpecifications: [{ ResourceType: 'volume', Tags: [{ Key: 'k', Value: 'v' }] }],
  });
  const byTag = new DescribeVolumesCommand({ Filters: [{ Name: 'tag:k', Values: ['v'] }] });
  await expectRefused(describe(volume), 'InvalidVolume.NotFound');
  await expectRefused(
    cloud.ec2.send(new DeleteVolumeCommand({ VolumeId: volume })),
    'InvalidVolume.NotFound',
  );
  expect((await cloud.ec2.send(byTag)).Volumes).toEqual([]);
  expect(await countVolumes()).toBe(1);
  await moto.change({ visibleAfterMs: 100 });
  await vi.waitFor(async () => expect((await cloud.ec2.send(byTag)).Volumes).toHaveLength(1), LIMIT);
});

it('refuses to attach twice, under a device that is taken, or in another zone', async () => {
  const instance = await run();
  const [first, second, far] = [
    await create(),
    await create(),
    await create({ AvailabilityZone: 'us-east-1b' }),
  ];
  await attach(first, instance);
  await expectRefused(attach(first, instance, '/dev/sdg'), 'VolumeInUse');
  await expectRefused(attach(second, instance, '/dev/sdf'), 'InvalidParameterValue');
  await expectRefused(attach(second, instance, '/dev/disk'), 'InvalidParameterValue');
  await expectRefused(attach(far, instance, '/dev/sdg'), 'InvalidVolume.ZoneMismatch');
  await attach(second, instance, '/dev/sdg');
});

it('refuses to attach to an instance that does not run yet or no more', async () => {
  await moto.change({ pendingMs: 60_000 });
  const instance = await run();
  const volume = await create();
  await expectRefused(attach(volume, instance), 'IncorrectState');
  await cloud.ec2.send(new TerminateInstancesCommand({ InstanceIds: [instance] }));
  await expectRefused(attach(volume, instance), 'IncorrectState');
});

it('refuses to detach what is not attached, or is the root of a machine that runs', async () => {
  const instance = await run();
  const volume = await create();
  await expectRefused(detach(volume), 'IncorrectState');
  const [root] = (await moto.resources()).volumes.filter((candidate) => candidate.root);
  await expectRefused(detach(root?.volumeId ?? ''), 'OperationNotPermitted');
  await attach(volume, instance);
  await expectRefused(
    cloud.ec2.send(new DetachVolumeCommand({ VolumeId: volume, InstanceId: await run() })),
    'InvalidAttachment.NotFound',
  );
});

it('refuses to shrink', async () => {
  const volume = await create({ Size: 10 });
  await expectRefused(grow(volume, 9), 'InvalidParameterValue');
  expect((await describe(volume)).size).toBe(10);
});

it('modifies, then optimizes: the new size is there from then on', async () => {
  await moto.change({ modifyingMs: LONG_MS, optimizingMs: LONG_MS });
  const volume = await create();
  const state = async () => {
    const answer = await cloud.ec2.send(new DescribeVolumesModificationsCommand({ VolumeIds: [volume] }));
    return answer.VolumesModifications?.[0]?.ModificationState;
  };
  await expectRefused(state(), 'InvalidVolumeModification.NotFound');
  await grow(volume, 20);
  expect([await state(), (await describe(volume)).size]).toEqual(['modifying', 10]);
  await expectRefused(grow(volume, 30), 'IncorrectModificationState');
  await moto.hurry();
  await moto.change({ modifyingMs: 0 });
  expect([await state(), (await describe(volume)).size]).toEqual(['optimizing', 20]);
  await moto.change({ optimizingMs: 50 });
  await vi.waitFor(async () => expect(await state()).toBe('completed'), LIMIT);
});

it('refuses to modify a volume again within six hours', async () => {
  const volume = await create();
  await grow(volume, 20);
  await expectRefused(grow(volume, 30), 'VolumeModificationRateExceeded');
  await moto.change({ modifyCooldownMs: 0 });
  await grow(volume, 30);
  expect((await describe(volume)).size).toBe(30);
});

it('tells what a machine would notice: disks that come, grow, go, or lose their machine', async () => {
  const events: MotoEvent[] = [];
  const end = moto.onEvent((event) => void (event.event === 'volume' && events.push(event)));
  const instance = await run();
  const [volume, other] = [await create(), await create()];
  await attach(volume, instance);
  await grow(volume, 20);
  await detach(volume);
  await attach(other, instance, '/dev/sdg');
  await moto.destroyInstance(instance);
  await vi.waitFor(() => expect(events).toHaveLength(5), LIMIT);
  end();
  expect(events).toMatchObject([
    { state: 'attached', volumeId: volume, instanceId: instance, device: '/dev/sdf', sizeGiB: 10 },
    { state: 'resized', volumeId: volume, sizeGiB: 20 },
    { state: 'detached', volumeId: volume, instanceId: instance },
    { state: 'attached', volumeId: other, device: '/dev/sdg' },
    { state: 'detached', volumeId: other, instanceId: instance },
  ]);
});
