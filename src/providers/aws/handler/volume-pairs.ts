import type { ResourceChange } from '../../../domain/index.ts';
import type { NextGeneration, ProviderHandler } from '../../../provider/index.ts';
import { getResources, getWatchedResources } from '../cloud/resources.ts';
import { isAwsCode } from '../cloud/to-windlass-error.ts';
import type { FindPlace } from '../place.ts';
import { createAttachPair } from './attach-volumes.ts';
import { readVolumes } from './directives.ts';
import { getRow, pause, watch, withEffect } from './effects.ts';
import { createResizePair } from './resize-volumes.ts';
import type { Timing } from './timing.ts';
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

/** The five pairs of a handler that concern volumes. */
export type VolumePairs = Pick<
  ProviderHandler,
  | 'createVolumes'
  | 'waitCreateVolumes'
  | 'attachVolumes'
  | 'waitAttachVolumes'
  | 'detachVolumes'
  | 'waitDetachVolumes'
  | 'deleteVolumes'
  | 'waitDeleteVolumes'
  | 'resizeVolumes'
  | 'waitResizeVolumes'
>;

export function createVolumePairs(findPlace: FindPlace, timing: Timing): VolumePairs {
  return {
    async createVolumes(context, call) {
      const place = findPlace(context);
      const resources: ResourceChange[] = [];
      const next: NextGeneration[] = [];
      for (const spec of readVolumes(context)) {
        const row = getRow(context, `volume-${spec.index}`);
        const volume = await createVolume(place, context, call, spec, row);
        resources.push(isVolumeGone(volume) ? { token: row.token, state: 'gone' } : toMade(row, volume));
        if (isVolumeGone(volume)) next.push({ token: row.token, attributes: row.attributes });
      }
      return next.length > 0
        ? { state: 'again', changes: { resources, next } }
        : { state: 'started', changes: { resources } };
    },
    waitCreateVolumes: (context, call) =>
      watch(call, timing.lookMs, (look) => observeCreated(findPlace(context), context, look)),

    ...createAttachPair(findPlace, timing),

    async detachVolumes(context, call) {
      const place = findPlace(context);
      for (const { row, volume } of await loadItems(place, call, context, { intended: true })) {
        for (const attachment of volume?.Attachments ?? []) {
          if (attachment.State === 'detaching' || attachment.State === 'detached') continue;
          await withEffect(call, row.token, (sent) =>
            place.cloud.ec2(sent, 'DetachVolume', (ec2, options) =>
              ec2.detachVolume({ VolumeId: volume?.VolumeId, InstanceId: attachment.InstanceId }, options),
            ),
          ).catch(ignoreDetached);
        }
      }
      return { state: 'started' };
    },
    waitDetachVolumes: (context, call) =>
      watch(call, timing.lookMs, async (look) => {
        const items = await observeItems(findPlace(context), look, context, { intended: true });
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
      const place = findPlace(context);
      const rows = readVolumes(context)
        .map(({ index }) => context.resources[`volume-${index}`])
        .filter((row) => row !== undefined);
      // Made a moment ago, perhaps by a worker that died before it could say so: AWS may show them only now.
      const unsettled = rows.filter(({ state }) => state !== 'gone');
      const settledAt = Date.now() + timing.settleMs;
      while (unsettled.length > 0 && Date.now() < settledAt) {
        const volumes = (await getResources(place.cloud).volumesOfNode(call, context.node.nodeId)) ?? [];
        if (unsettled.every((row) => volumes.some((volume) => isOfKind(volume, row)))) break;
        await pause(call, Math.min(timing.lookMs, timing.settleMs));
      }
      await deleteVolumesOf(place, context, call, rows);
      return { state: 'started' };
    },
    waitDeleteVolumes: (context, call) =>
      watch(call, timing.lookMs, async (look) => {
        const place = findPlace(context);
        const items = readVolumes(context).flatMap((spec) => {
          const row = context.resources[`volume-${spec.index}`];
          return row === undefined ? [] : [{ spec, row, volume: undefined }];
        });
        const rows = items.map(({ row }) => row);
        const watched = getWatchedResources(place.cloud);
        const volumes = rows.length === 0 ? [] : await listVolumes(place, look, context, rows, watched);
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

    ...createResizePair(findPlace, timing),
  };
}

/** There is no such attachment any more: as wanted. */
function ignoreDetached(error: unknown): void {
  if (!isAwsCode(error, 'InvalidAttachment.NotFound', 'IncorrectState', 'InvalidVolume.NotFound'))
    throw error;
}
