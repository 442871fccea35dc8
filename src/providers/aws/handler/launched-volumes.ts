import type { Instance, Volume } from '@aws-sdk/client-ec2';
import { WindlassError, type LedgerResource } from '../../../domain/index.ts';
import type { EffectCall, NodeTaskContext } from '../../../provider/index.ts';
import { findImage, type MachineImage } from '../cloud/catalogue.ts';
import type { RequestCall } from '../cloud/open-cloud.ts';
import { getResources } from '../cloud/resources.ts';
import { readTag, TAGS } from '../cloud/tags.ts';
import type { AwsRuntime } from '../aws-runtime.ts';
import { notYet } from './not-yet.ts';
import { deleteVolume, isVolumeGone } from './volumes.ts';

/**
 * Deletes disks that launches of a node have created besides the requested ones: disks of the image that
 * are not deleted with their instance. They have the tags of the cluster and the node, but no token. A
 * disk whose snapshot is not of an image of the node is a user's copy, and stays.
 *
 * @throws unavailable while one is still attached to an instance of the node.
 */
export async function deleteLaunchedVolumes(
  aws: AwsRuntime,
  context: NodeTaskContext,
  call: EffectCall,
  row: LedgerResource,
  instances: readonly Instance[],
): Promise<void> {
  const shown = (await getResources(aws.cloud).launchedVolumesOfNode(call, context.node.nodeId)) ?? [];
  const left = shown.filter(
    (volume) =>
      readTag(volume, TAGS.cluster) === context.cluster.clusterId &&
      !isVolumeGone(volume) &&
      !endsByItself(volume) &&
      isFreeOrOf(volume, instances),
  );
  if (left.length === 0) return;
  const begun = await listSnapshots(aws, call, instances);
  for (const volume of left.filter(({ SnapshotId: id = '' }) => begun.has(id))) {
    if (volume.State !== 'available') throw notYet(`volume ${volume.VolumeId} is ${volume.State}`);
    await deleteVolume(aws, call, row.token, volume);
  }
}

/** AWS deletes it together with its instance. */
function endsByItself({ Attachments: attachments = [] }: Volume): boolean {
  return attachments.some(({ DeleteOnTermination: ends }) => ends === true);
}

function isFreeOrOf({ Attachments: attachments = [] }: Volume, instances: readonly Instance[]): boolean {
  const ids = instances.map(({ InstanceId }) => InstanceId);
  return attachments.every(({ InstanceId, State }) => State === 'detached' || ids.includes(InstanceId));
}

/** The snapshots of the disks of the instances' images; the empty text for disks without one. */
async function listSnapshots(
  aws: AwsRuntime,
  call: RequestCall,
  instances: readonly Instance[],
): Promise<ReadonlySet<string>> {
  const ids = [...new Set(instances.flatMap(({ ImageId }) => ImageId ?? []))];
  const images = await Promise.all(ids.map((id) => findImageOf(aws, call, id)));
  return new Set(images.flatMap((image) => image?.disks.map(({ snapshotId }) => snapshotId) ?? []));
}

/** The image that an instance was launched from; null if it no longer exists. */
export async function findImageOf(
  { cloud }: AwsRuntime,
  call: RequestCall,
  imageId: string,
): Promise<MachineImage | null> {
  try {
    return await findImage(cloud, call, imageId, 'image');
  } catch (error) {
    if (WindlassError.isInstance(error) && error.code === 'AWS_IMAGE_NOT_FOUND') return null;
    throw error;
  }
}
