import type { Volume } from '@aws-sdk/client-ec2';
import { WindlassError, type LedgerResource } from '../../../domain/index.ts';
import type { EffectCall, HandleResult, NodeTaskContext } from '../../../provider/index.ts';
import { findInstanceRow, findVolumeRow } from '../../../provider-utils/index.ts';
import type { AwsRuntime } from '../aws-runtime.ts';
import { notYet } from './not-yet.ts';
import { createVolume, deleteVolumesOf, isVolumeGone } from './volumes.ts';

/** A volume that was ever attached may hold data; one that never was is empty. */
export function mayMoveVolumes(context: NodeTaskContext): boolean {
  return context.role.volumes.every(
    ({ index }) => findVolumeRow(context, index)?.attributes['device'] === undefined,
  );
}

/**
 * A volume exists in one zone, and the volumes of a node are created at the same time as its instance.
 * When only another zone had capacity for the instance, the volumes follow it there before they are
 * attached: they are empty, so they are deleted, and their next generation is created in that zone.
 * Undefined when all are in the zone of the instance.
 *
 * @throws conflict `AWS_VOLUME_DATA` for volumes that may hold data; unavailable while AWS
 *   creates them.
 */
export async function followInstance(
  aws: AwsRuntime,
  context: NodeTaskContext<'AttachVolumes'>,
  call: EffectCall,
): Promise<HandleResult | undefined> {
  const zone = findInstanceRow(context)?.attributes['zone'];
  const rows = listRows(context).map(({ row }) => row);
  const elsewhere = rows.filter((row) => zone !== undefined && zoneOf(aws, row) !== zone);
  if (zone === undefined || elsewhere.length === 0) return makeMovedVolumes(aws, context, call);
  if (elsewhere.some((row) => row.attributes['device'] !== undefined)) {
    throw new WindlassError('conflict', `the volumes of node ${context.node.nodeId} hold data`, {
      code: 'AWS_VOLUME_DATA',
    });
  }
  await deleteVolumesOf(aws, context, call, elsewhere);
  return beginAnew(elsewhere, { zone });
}

/** Creates the volumes whose next generation was begun by a move; normally there are none. */
async function makeMovedVolumes(
  aws: AwsRuntime,
  context: NodeTaskContext<'AttachVolumes'>,
  call: EffectCall,
): Promise<HandleResult | undefined> {
  const made: Volume[] = [];
  for (const { spec, row } of listRows(context)) {
    if (row.attributes['zone'] === undefined || row.state !== 'intended') continue;
    const volume = await createVolume(aws, context, call, spec, row);
    // A client token may outlive the volume that was created under it.
    if (isVolumeGone(volume)) return beginAnew([row], row.attributes);
    made.push(volume);
  }
  const unready = made.find(({ State: state }) => state !== 'available' && state !== 'in-use');
  if (unready !== undefined) throw notYet(`volume ${unready.VolumeId} is still being created`);
  return undefined;
}

function listRows(context: NodeTaskContext<'AttachVolumes'>) {
  return context.task.directive.volumes.flatMap((spec) => {
    const row = findVolumeRow(context, spec.index);
    return row === undefined ? [] : [{ spec, row }];
  });
}

function zoneOf(aws: AwsRuntime, row: LedgerResource): string {
  return row.attributes['zone'] ?? aws.zone;
}

function beginAnew(
  rows: readonly LedgerResource[],
  attributes: Readonly<Record<string, string>>,
): HandleResult {
  return {
    state: 'again',
    changes: {
      resources: rows.map(({ token }) => ({ token, state: 'gone' })),
      next: rows.map(({ token }) => ({ token, attributes })),
    },
  };
}
