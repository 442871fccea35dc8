import { setTimeout as sleep } from 'node:timers/promises';
import {
  AttachVolumeCommand,
  CreateVolumeCommand,
  DescribeInstancesCommand,
  DescribeVolumesCommand,
  RunInstancesCommand,
} from '@aws-sdk/client-ec2';
import { INSTANCE_TYPE, VOLUME_GIB, ZONE, type BenchCloud } from './cloud.ts';

const POLL_MS = 1_000;

/**
 * What a careful person would write for one afternoon: every node's calls as parallel as they can
 * be, one Describe for all that is waited for. It remembers nothing and survives nothing.
 */
export async function runPlainScript({ ec2, imageId, subnetId }: BenchCloud, count: number): Promise<void> {
  const nodes = await Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const tags = [{ Key: 'Name', Value: `node-${index}` }];
      const [volume, run] = await Promise.all([
        ec2.send(
          new CreateVolumeCommand({
            AvailabilityZone: ZONE,
            Size: VOLUME_GIB,
            VolumeType: 'gp3',
            Encrypted: true,
            TagSpecifications: [{ ResourceType: 'volume', Tags: tags }],
          }),
        ),
        ec2.send(
          new RunInstancesCommand({
            ImageId: imageId,
            InstanceType: INSTANCE_TYPE,
            MinCount: 1,
            MaxCount: 1,
            SubnetId: subnetId,
            TagSpecifications: [{ ResourceType: 'instance', Tags: tags }],
          }),
        ),
      ]);
      return { volumeId: volume.VolumeId ?? '', instanceId: run.Instances?.[0]?.InstanceId ?? '' };
    }),
  );
  const instanceIds = nodes.map(({ instanceId }) => instanceId);
  const volumeIds = nodes.map(({ volumeId }) => volumeId);
  await poll(async () => {
    const { Volumes = [] } = await ec2.send(new DescribeVolumesCommand({ VolumeIds: volumeIds }));
    return Volumes.every(({ State }) => State === 'available');
  });
  await poll(async () => {
    const { Reservations = [] } = await ec2.send(new DescribeInstancesCommand({ InstanceIds: instanceIds }));
    return Reservations.every(({ Instances = [] }) =>
      Instances.every(({ State }) => State?.Name === 'running'),
    );
  });
  await Promise.all(
    nodes.map(({ instanceId, volumeId }) =>
      ec2.send(new AttachVolumeCommand({ InstanceId: instanceId, VolumeId: volumeId, Device: '/dev/sdf' })),
    ),
  );
  await poll(async () => {
    const { Volumes = [] } = await ec2.send(new DescribeVolumesCommand({ VolumeIds: volumeIds }));
    return Volumes.every(({ Attachments = [] }) => Attachments[0]?.State === 'attached');
  });
}

async function poll(isDone: () => Promise<boolean>): Promise<void> {
  while (!(await isDone())) await sleep(POLL_MS);
}
