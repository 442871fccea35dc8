import type { Instance, Volume, VolumeAttachment, VolumeModification } from '@aws-sdk/client-ec2';
import { WindlassError, type ResourceChange, type VolumeSpec } from '../../../domain/index.ts';
import type {
  EffectCall,
  NextGeneration,
  NodeTaskContext,
  ProviderHandler,
} from '../../../provider/index.ts';
import { describeTypesByName } from '../cloud/catalogue.ts';
import type { RequestCall } from '../cloud/open-cloud.ts';
import { getResources } from '../cloud/resources.ts';
import { isAwsCode } from '../cloud/to-windlass-error.ts';
import { chooseDeviceName, toNodeDevice } from '../devices.ts';
import type { FindPlace, Place } from '../place.ts';
import { getRow, notYet, pause, watch, withEffect } from './effects.ts';
import { findInstance, instanceGone, isDead, observeInstance, stateOf } from './find-instance.ts';
import { readVolumes } from './directives.ts';
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
  volumeGone,
  type VolumeItem,
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

    async attachVolumes(context, call) {
      const place = findPlace(context);
      const items = await loadItems(place, call, context);
      if (items.length === 0) return { state: 'done' };
      const instance = await findInstance(place.cloud, call, context);
      if (instance === undefined || isDead(instance)) {
        throw instanceGone(context.resources['instance'], context.node.nodeId);
      }
      if (stateOf(instance) === 'pending') throw notYet(`instance ${instance.InstanceId} is still starting`);
      return {
        state: 'started',
        changes: { resources: await attachAll(place, context, call, items, instance) },
      };
    },
    waitAttachVolumes: (context, call) =>
      watch(call, timing.lookMs, async (look) => {
        const place = findPlace(context);
        const items = await observeItems(place, look, context);
        const instance = await observeInstance(place.cloud, look, context);
        if (instance === undefined || isDead(instance)) {
          throw instanceGone(context.resources['instance'], context.node.nodeId);
        }
        for (const { spec, volume } of items) {
          if (volume === undefined || isVolumeGone(volume)) throw volumeGone(context, spec);
          const attachment = findAttachment(volume, instance);
          if (attachment?.State !== 'attached') {
            const state = attachment?.State ?? 'not attached yet';
            return { state: 'pending', seen: `volume ${volume.VolumeId} is ${state}` };
          }
        }
        const nitro = await isNitro(place, look, instance);
        const deviceOf = ({ volume }: VolumeItem): string =>
          volume === undefined
            ? ''
            : toNodeDevice(volume.VolumeId ?? '', findAttachment(volume, instance)?.Device ?? '', nitro);
        return {
          state: 'done',
          changes: {
            resources: items.flatMap((item) =>
              toAttached(item, findAttachment(item.volume, instance)?.Device),
            ),
            node: { volumes: toNodeVolumes(context, items, deviceOf) },
          },
        };
      }),

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
        const items = await loadItems(place, look, context, { intended: true });
        const rows = items.map(({ row }) => row);
        const volumes = await listVolumes(place, look, context, rows);
        for (const { row } of items) {
          const left = volumes.find((volume) => isOfKind(volume, row) && volume.State !== 'deleted');
          if (left !== undefined)
            return { state: 'pending', seen: `volume ${left.VolumeId} is ${left.State}` };
        }
        return {
          state: 'done',
          changes: {
            resources: items.map(({ row }) => ({ token: row.token, state: 'gone' })),
            node: {
              volumes: toNodeVolumes(
                context,
                items.map((item) => ({ ...item, volume: undefined })),
              ),
            },
          },
        };
      }),

    async resizeVolumes(context, call) {
      const place = findPlace(context);
      for (const { spec, row, volume } of await loadItems(place, call, context)) {
        if (volume === undefined || isVolumeGone(volume)) throw volumeGone(context, spec);
        await resizeVolume(place, call, { spec, row, volume });
      }
      return { state: 'started' };
    },
    waitResizeVolumes: (context, call) =>
      watch(call, timing.lookMs, async (look) => {
        const place = findPlace(context);
        const items = await observeItems(place, look, context);
        for (const { spec, volume } of items) {
          if (volume === undefined || isVolumeGone(volume)) throw volumeGone(context, spec);
          if ((volume.Size ?? 0) >= spec.sizeGiB) continue;
          const modification = await readModification(place, look, volume);
          if (modification?.ModificationState === 'failed') throw resizeFailed(volume, modification);
          const state = modification?.ModificationState ?? 'not begun';
          return {
            state: 'pending',
            seen: `volume ${volume.VolumeId} has ${volume.Size} GiB yet (${state})`,
          };
        }
        return {
          state: 'done',
          changes: { node: { volumes: keepDevices(context, toNodeVolumes(context, items)) } },
        };
      }),
  };
}

async function attachAll(
  place: Place,
  context: NodeTaskContext,
  call: EffectCall,
  items: readonly VolumeItem[],
  instance: Instance,
): Promise<readonly ResourceChange[]> {
  const changes: ResourceChange[] = [];
  // What is taken by one volume is not there for the next, before EC2 shows it.
  const mappings = [...(instance.BlockDeviceMappings ?? [])];
  for (const item of items) {
    const { spec, row, volume } = item;
    if (volume === undefined || isVolumeGone(volume)) throw volumeGone(context, spec);
    const attachment = findAttachment(volume, instance);
    if (attachment !== undefined && attachment.State !== 'detaching') {
      changes.push(...toAttached(item, attachment.Device));
      continue;
    }
    if (volume.State === 'creating') throw notYet(`volume ${volume.VolumeId} is still being created`);
    if (volume.State === 'in-use') throw attachedElsewhere(volume);
    const remembered = row.attributes['device'];
    const device = chooseDeviceName({ ...instance, BlockDeviceMappings: mappings }, remembered);
    if (device === undefined) throw noDeviceName(instance);
    await withEffect(call, row.token, (sent) =>
      place.cloud.ec2(sent, 'AttachVolume', (ec2, options) =>
        ec2.attachVolume(
          { VolumeId: volume.VolumeId, InstanceId: instance.InstanceId, Device: device },
          options,
        ),
      ),
    ).catch((error: unknown) => {
      // Taken since we looked, or on its way: the next look says by whom.
      if (!isAwsCode(error, 'VolumeInUse', 'IncorrectState', 'IncorrectInstanceState')) throw error;
      throw notYet(
        `volume ${volume.VolumeId} cannot be attached to ${instance.InstanceId} yet: ${messageOf(error)}`,
      );
    });
    mappings.push({ DeviceName: device });
    changes.push(...toAttached(item, device));
  }
  return changes;
}

function toAttached({ row, volume }: VolumeItem, device: string | undefined): readonly ResourceChange[] {
  if (volume?.VolumeId === undefined || device === undefined) return [];
  return [
    { token: row.token, state: 'made', cloudId: volume.VolumeId, attributes: { ...row.attributes, device } },
  ];
}

function findAttachment(volume: Volume | undefined, instance: Instance): VolumeAttachment | undefined {
  return volume?.Attachments?.find(
    ({ InstanceId, State }) => InstanceId === instance.InstanceId && State !== 'detached',
  );
}

async function isNitro(place: Place, call: RequestCall, instance: Instance): Promise<boolean> {
  const name = instance.InstanceType ?? '';
  return (await describeTypesByName(place.cloud, call, [name])).get(name)?.nitro ?? true;
}

/** There is no such attachment any more: as wanted. */
function ignoreDetached(error: unknown): void {
  if (!isAwsCode(error, 'InvalidAttachment.NotFound', 'IncorrectState', 'InvalidVolume.NotFound'))
    throw error;
}

async function resizeVolume(
  place: Place,
  call: EffectCall,
  { spec, row, volume }: VolumeItem & { readonly volume: Volume },
): Promise<void> {
  const size = volume.Size ?? 0;
  if (spec.sizeGiB < size) throw shrinkError(volume, spec);
  if (spec.sizeGiB === size) return;
  const modification = await readModification(place, call, volume);
  // Asked for already: the volume may have been looked at before it had its new size.
  const begun = modification !== undefined && modification.ModificationState !== 'failed';
  if (begun && (modification.TargetSize ?? 0) >= spec.sizeGiB) return;
  await withEffect(call, row.token, (sent) =>
    place.cloud.ec2(sent, 'ModifyVolume', (ec2, options) =>
      ec2.modifyVolume({ VolumeId: volume.VolumeId, Size: spec.sizeGiB }, options),
    ),
  ).catch(async (error: unknown) => {
    if (!isAwsCode(error, 'VolumeModificationRateExceeded', 'IncorrectModificationState')) throw error;
    // By another, or by this very request, which a line may have delivered twice.
    const last = await readModification(place, call, volume);
    if (last?.ModificationState !== 'failed' && (last?.TargetSize ?? 0) >= spec.sizeGiB) return;
    throw coolingDown(volume, last);
  });
}

async function readModification(
  place: Place,
  call: RequestCall,
  volume: Volume,
): Promise<VolumeModification | undefined> {
  return getResources(place.cloud).modificationOfVolume(call, volume.VolumeId ?? '');
}

/** Growing detaches nothing. */
function keepDevices(context: NodeTaskContext, volumes: ReturnType<typeof toNodeVolumes>) {
  return volumes.map((volume) => ({
    ...volume,
    device: context.node.volumes.find(({ index }) => index === volume.index)?.device ?? '',
  }));
}

const COOL_DOWN_HOURS = 6;

function coolingDown(volume: Volume, modification: VolumeModification | undefined): WindlassError {
  const since = modification?.StartTime;
  const until = since === undefined ? undefined : new Date(since.getTime() + COOL_DOWN_HOURS * 3_600_000);
  return new WindlassError('conflict', `volume ${volume.VolumeId} was changed less than six hours ago`, {
    code: 'AWS_VOLUME_COOLDOWN',
    hint: `AWS changes a volume once in six hours; try again ${until === undefined ? 'then' : `after ${until.toISOString()}`}`,
  });
}

function resizeFailed(volume: Volume, modification: VolumeModification): WindlassError {
  return new WindlassError(
    'conflict',
    `AWS could not change volume ${volume.VolumeId}: ${modification.StatusMessage ?? 'it does not say why'}`,
    { code: 'AWS_VOLUME_ERROR', hint: 'look at the volume in the console of EC2' },
  );
}

function shrinkError(volume: Volume, spec: VolumeSpec): WindlassError {
  return new WindlassError(
    'invalid-input',
    `volume ${volume.VolumeId} has ${volume.Size} GiB and cannot shrink to ${spec.sizeGiB}`,
    { code: 'VOLUME_SHRINK', field: 'sizeGiB' },
  );
}

function attachedElsewhere(volume: Volume): WindlassError {
  const [attachment] = volume.Attachments ?? [];
  // Of an instance that is on its way out, or that somebody else has it attached to: both may pass.
  return notYet(
    `volume ${volume.VolumeId} is ${attachment?.State ?? 'in use'} at ${attachment?.InstanceId ?? 'another instance'}`,
  );
}

function noDeviceName(instance: Instance): WindlassError {
  return new WindlassError('quota', `instance ${instance.InstanceId} has no device name left`, {
    code: 'AWS_QUOTA',
    hint: 'an instance has room for some dozens of volumes',
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
