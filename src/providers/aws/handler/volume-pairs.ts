import type { Volume } from '@aws-sdk/client-ec2';
import type { LedgerResource, ResourceChange } from '../../../domain/index.ts';
import type { EffectCall, NextGeneration, VolumePairs } from '../../../provider/index.ts';
import { findVolumeRow, listTaskVolumes, pause, volumeRow } from '../../../provider-utils/index.ts';
import { getResources, getWatchedResources } from '../cloud/resources.ts';
import { isAwsCode } from '../cloud/to-windlass-error.ts';
import type { FindAwsRuntime, AwsRuntime } from '../aws-runtime.ts';
import { createAttachPair } from './attach-volumes.ts';
import { notYet } from './not-yet.ts';
import { createResizePair } from './resize-volumes.ts';
import { watch, type Timing } from './timing.ts';
import {
  createVolume,
  deleteVolumesOf,
  isOfKind,
  isVolumeGone,
  listVolumes,
  loadItems,
  observeCreated,
  observeItems,
  toMade,
  toNodeVolumes,
} from './volumes.ts';

export function createVolumePairs(findRuntime: FindAwsRuntime, timing: Timing): VolumePairs {
  return {
    async createVolumes(context, call) {
      const aws = findRuntime(context);
      const resources: ResourceChange[] = [];
      const next: NextGeneration[] = [];
      for (const spec of listTaskVolumes(context)) {
        const row = volumeRow(context, spec.index);
        const volume = await createVolume(aws, context, call, spec, row);
        resources.push(isVolumeGone(volume) ? { token: row.token, state: 'gone' } : toMade(row, volume));
        if (isVolumeGone(volume)) next.push({ token: row.token, attributes: row.attributes });
      }
      return next.length > 0
        ? { state: 'again', changes: { resources, next } }
        : { state: 'started', changes: { resources } };
    },
    waitCreateVolumes: (context, call) =>
      watch(call, timing.pollMs, (look) => observeCreated(findRuntime(context), context, look)),

    ...createAttachPair(findRuntime, timing),

    async detachVolumes(context, call) {
      const aws = findRuntime(context);
      for (const { row, volume } of await loadItems(aws, call, context, { intended: true })) {
        if (volume !== undefined && !isVolumeGone(volume)) await detachVolume(aws, call, row, volume);
      }
      return { state: 'started' };
    },
    waitDetachVolumes: (context, call) =>
      watch(call, timing.pollMs, async (look) => {
        const items = await observeItems(findRuntime(context), look, context, { intended: true });
        for (const { volume } of items) {
          if (volume === undefined || isVolumeGone(volume) || volume.State === 'available') continue;
          return {
            state: 'pending',
            seen: `volume ${volume.VolumeId} is ${volume.Attachments?.[0]?.State ?? volume.State}`,
          };
        }
        return { state: 'done', changes: { node: { volumes: toNodeVolumes(context, items) } } };
      }),

    async deleteVolumes(context, call) {
      const aws = findRuntime(context);
      const rows = listTaskVolumes(context)
        .map(({ index }) => findVolumeRow(context, index))
        .filter((row) => row !== undefined);
      // They may have been created a moment ago by a worker that died before it recorded them: AWS may
      // show them only now.
      const unsettled = rows.filter(({ state }) => state !== 'gone');
      const settledAt = Date.now() + timing.settleMs;
      let shown: readonly Volume[] = [];
      while (unsettled.length > 0 && Date.now() < settledAt) {
        shown = (await getResources(aws.cloud).volumesOfNode(call, context.node.nodeId)) ?? [];
        if (unsettled.every((row) => shown.some((volume) => isOfKind(volume, row)))) break;
        await pause(call, Math.min(timing.pollMs, timing.settleMs));
      }
      await deleteVolumesOf(aws, context, call, rows, shown);
      return { state: 'started' };
    },
    waitDeleteVolumes: (context, call) =>
      watch(call, timing.pollMs, async (look) => {
        const aws = findRuntime(context);
        const items = listTaskVolumes(context).flatMap((spec) => {
          const row = findVolumeRow(context, spec.index);
          return row === undefined ? [] : [{ spec, row, volume: undefined }];
        });
        const rows = items.map(({ row }) => row);
        const watched = getWatchedResources(aws.cloud);
        const volumes = rows.length === 0 ? [] : await listVolumes(aws, look, context, rows, watched);
        for (const row of rows) {
          const left = volumes.find((volume) => isOfKind(volume, row) && volume.State !== 'deleted');
          if (left !== undefined)
            return { state: 'pending', seen: `volume ${left.VolumeId} is ${left.State}` };
        }
        return {
          state: 'done',
          changes: {
            resources: rows.map(({ token }) => ({ token, state: 'gone' })),
            node: { volumes: toNodeVolumes(context, items) },
          },
        };
      }),

    ...createResizePair(findRuntime, timing),
  };
}

/**
 * Also detaches a volume that a read shows as free: the read may be older than the last attachment, and
 * EC2 itself refuses if there is nothing to detach.
 *
 * @throws unavailable while EC2 refuses although it shows an attachment.
 */
async function detachVolume(
  { cloud }: AwsRuntime,
  call: EffectCall,
  row: LedgerResource,
  { VolumeId: volumeId = '', Attachments: attachments = [] }: Volume,
): Promise<void> {
  const shown = attachments.filter(({ State: state }) => state !== 'detaching' && state !== 'detached');
  for (const { InstanceId: instanceId } of shown.length > 0 ? shown : [{ InstanceId: undefined }]) {
    await call
      .effect(row.token, () =>
        cloud.ec2(call, 'DetachVolume', (ec2, options) =>
          ec2.detachVolume({ VolumeId: volumeId, InstanceId: instanceId }, options),
        ),
      )
      .catch(async (error: unknown) => {
        if (isAwsCode(error, 'InvalidVolume.NotFound')) return;
        if (!isAwsCode(error, 'InvalidAttachment.NotFound', 'IncorrectState')) throw error;
        const volume = await getResources(cloud).volumeById(call, volumeId);
        if (volume?.Attachments?.some(({ State: state = '' }) => !LEAVING.includes(state)) === true)
          throw notYet(`volume ${volumeId} cannot be detached yet`);
      });
  }
}

/** `busy`: the detachment was requested, and the machine still uses the disk. */
const LEAVING: readonly string[] = ['busy', 'detaching', 'detached'];
