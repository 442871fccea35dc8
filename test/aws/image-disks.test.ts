import {
  CreateSnapshotCommand,
  CreateVolumeCommand,
  DescribeImagesCommand,
  DescribeInstancesCommand,
  RegisterImageCommand,
  RunInstancesCommand,
  type BlockDeviceMapping,
  type EC2Client,
} from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TaskAction } from '../../src/domain/index.ts';
import { openBench, type Bench } from '../../src/conformance/bench.ts';
import { createAwsHarness, type AwsHarness } from '../conformance/aws-harness.ts';
import { createEc2, ZONES } from './moto-kit.ts';

const START_LIMIT_MS = 120_000;

describe('an image that brings disks of its own', () => {
  let harness: AwsHarness;
  let ec2: EC2Client;
  beforeAll(async () => {
    harness = await createAwsHarness();
    ec2 = createEc2(harness.moto.url, await harness.moto.createUser('owner', ANYTHING));
  }, START_LIMIT_MS);
  afterAll(async () => {
    ec2.destroy();
    await harness.dispose();
  });

  async function takeSnapshot(sizeGiB: number): Promise<string> {
    const { VolumeId } = await ec2.send(
      new CreateVolumeCommand({ AvailabilityZone: ZONES[0], Size: sizeGiB }),
    );
    await expect.poll(async () => findVolume(VolumeId)).toMatchObject({ state: 'available' });
    return (await ec2.send(new CreateSnapshotCommand({ VolumeId }))).SnapshotId ?? '';
  }

  async function findVolume(volumeId: string | undefined) {
    return (await harness.moto.resources()).volumes.find((volume) => volume.volumeId === volumeId);
  }

  let images = 0;
  async function register(...more: readonly BlockDeviceMapping[]): Promise<string> {
    images += 1;
    const root = { DeviceName: '/dev/xvda', Ebs: { SnapshotId: await takeSnapshot(8) } };
    const answer = await ec2.send(
      new RegisterImageCommand({
        Name: `image-${images}`,
        Architecture: 'x86_64',
        RootDeviceName: '/dev/xvda',
        BlockDeviceMappings: [root, ...more],
      }),
    );
    return answer.ImageId ?? '';
  }

  function open(image: string, settings: Readonly<Record<string, string>> = {}): Promise<Bench> {
    const { runtime } = harness;
    const changed = { ...runtime, settings: { ...runtime.settings, image, ...settings } };
    return openBench({ harness: { ...harness, runtime: changed } });
  }

  const run = async (bench: Bench, ...actions: readonly TaskAction[]): Promise<void> => {
    for (const action of actions) await bench.engine.run(bench.task(action));
  };
  const listVolumes = async (bench: Bench) =>
    (await harness.moto.resources()).volumes.filter(
      ({ tags, state }) => tags['windlass:node'] === bench.node.nodeId && state !== 'deleted',
    );
  const remove = (bench: Bench): Promise<void> =>
    run(bench, 'StopInstances', 'DetachVolumes', 'DeleteInstances', 'DeleteVolumes');

  const stays = (device: string, more: BlockDeviceMapping['Ebs'] = {}): BlockDeviceMapping => ({
    DeviceName: device,
    Ebs: { VolumeSize: 3, DeleteOnTermination: false, ...more },
  });

  // Corrections of moto.
  it('is launched by the cloud with all of them, as it says and the launch changes', async () => {
    const image = await register(
      stays('/dev/sdb'),
      { DeviceName: '/dev/sdc', Ebs: { SnapshotId: await takeSnapshot(5) } },
      { DeviceName: '/dev/sdd', VirtualName: 'ephemeral0' },
      stays('/dev/sde'),
    );
    const { Images } = await ec2.send(new DescribeImagesCommand({ ImageIds: [image] }));
    expect(Images?.[0]?.BlockDeviceMappings?.map(({ DeviceName }) => DeviceName)).toEqual([
      '/dev/xvda',
      '/dev/sdb',
      '/dev/sdc',
      '/dev/sdd',
      '/dev/sde',
    ]);
    const { Instances } = await ec2.send(
      new RunInstancesCommand({
        ImageId: image,
        InstanceType: 't3.micro',
        MinCount: 1,
        MaxCount: 1,
        SubnetId: harness.subnets[0]?.subnetId,
        BlockDeviceMappings: [
          { DeviceName: '/dev/sdb', Ebs: { DeleteOnTermination: true } },
          { DeviceName: '/dev/sde', NoDevice: '' },
        ],
      }),
    );
    const id = Instances?.[0]?.InstanceId ?? '';
    await expect
      .poll(async () => {
        const answer = await ec2.send(new DescribeInstancesCommand({})).catch(() => null);
        const instance = answer?.Reservations?.flatMap(({ Instances: some = [] }) => some).find(
          ({ InstanceId }) => InstanceId === id,
        );
        return instance?.BlockDeviceMappings?.map(({ DeviceName, Ebs }) => [
          DeviceName,
          Ebs?.DeleteOnTermination,
        ]).sort();
      })
      .toEqual([
        ['/dev/sdb', true],
        ['/dev/sdc', false],
        ['/dev/xvda', false],
      ]);
    const sizes = (await harness.moto.resources()).volumes
      .filter(({ instanceId }) => instanceId === id)
      .map(({ device, sizeGiB }) => [device, sizeGiB]);
    expect(Object.fromEntries(sizes)).toEqual({ '/dev/xvda': 8, '/dev/sdb': 3, '/dev/sdc': 5 });
  });

  it('leaves none of them after a delete, and has them encrypted as the runtime says', async () => {
    const image = await register(
      stays('/dev/sdb'),
      { DeviceName: '/dev/sdc', Ebs: { SnapshotId: await takeSnapshot(5) } },
      stays('/dev/sdh', { VolumeType: 'standard', VolumeSize: 10 }),
      { DeviceName: '/dev/sdd', VirtualName: 'ephemeral0' },
    );
    const bench = await open(image, { encrypted: 'true', kmsKeyId: 'alias/disks', rootVolumeType: 'gp3' });
    await run(bench, 'CreateVolumes', 'RunInstances', 'AttachVolumes');
    const launched = (await listVolumes(bench)).filter(({ tags }) => tags['windlass:token'] === undefined);
    expect(
      launched
        .map(({ device, encrypted, volumeType, sizeGiB }) => [device, encrypted, volumeType, sizeGiB])
        .sort(),
    ).toEqual([
      ['/dev/sdb', true, 'gp3', 3],
      ['/dev/sdc', true, 'gp3', 5],
      ['/dev/sdh', true, 'gp3', 10],
      ['/dev/xvda', true, 'gp3', 8],
    ]);
    await remove(bench);
    await expect.poll(() => listVolumes(bench)).toEqual([]);
  });

  it('may have names that volumes would get: those get others', async () => {
    const image = await register(
      stays('/dev/xvdf'),
      { DeviceName: '/dev/sdg', VirtualName: 'ephemeral0' },
      stays('/dev/sdh'),
    );
    const bench = await open(image);
    await run(bench, 'CreateVolumes', 'RunInstances', 'AttachVolumes');
    const names = (await listVolumes(bench))
      .filter(({ tags }) => tags['windlass:token'] !== undefined)
      .map(({ device }) => device);
    expect(names.sort()).toEqual(['/dev/sdi', '/dev/sdj']);
    await remove(bench);
    await expect.poll(() => listVolumes(bench)).toEqual([]);
  });

  it('may have left some by a launch of before: a delete finds them by their tags, and no copy of them', async () => {
    const snapshotId = await takeSnapshot(3);
    const image = await register(stays('/dev/sdb', { SnapshotId: snapshotId }));
    const bench = await open(image);
    await run(bench, 'CreateVolumes', 'RunInstances', 'AttachVolumes');
    const [launched] = (await listVolumes(bench)).filter(({ device }) => device === '/dev/sdb');
    const tags = Object.entries(launched?.tags ?? {}).map(([Key, Value]) => ({ Key, Value }));
    const make = async (from: string, own: typeof tags): Promise<string> => {
      const { VolumeId } = await ec2.send(
        new CreateVolumeCommand({
          AvailabilityZone: ZONES[0],
          SnapshotId: from,
          TagSpecifications: [{ ResourceType: 'volume', Tags: own }],
        }),
      );
      return VolumeId ?? '';
    };
    const left = await make(snapshotId, tags);
    const copy = await make(await takeSnapshot(3), tags);
    const other = await make(
      snapshotId,
      tags.map(({ Key, Value }) => ({ Key, Value: Key === 'windlass:cluster' ? 'cl-other' : Value })),
    );
    for (const id of [left, copy, other])
      await expect.poll(async () => findVolume(id)).toMatchObject({ state: 'available' });
    await remove(bench);
    await expect
      .poll(async () => (await listVolumes(bench)).map(({ volumeId }) => volumeId).sort())
      .toEqual([copy, other].sort());
  });
});

const ANYTHING = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }],
};
