import type { Instance, Volume, VolumeAttachment } from '@aws-sdk/client-ec2';
import { WindlassError, type LedgerResource, type ResourceChange } from '../../../domain/index.ts';
import type { EffectCall, NodeTaskContext, ObserveCall, ProviderHandler } from '../../../provider/index.ts';
import {
  findInstanceRow,
  instanceGone,
  instanceRow,
  isMissingForLong,
  listTaskVolumes,
  volumeGone,
  volumeRow,
} from '../../../provider-utils/index.ts';
import { describeTypesByName } from '../cloud/catalogue.ts';
import { getResources } from '../cloud/resources.ts';
import { isAwsCode } from '../cloud/to-windlass-error.ts';
import { chooseDeviceName, toNodeDevice } from '../devices.ts';
import type { FindAwsRuntime, AwsRuntime } from '../aws-runtime.ts';
import { followInstance } from './move-volumes.ts';
import { notYet } from './not-yet.ts';
import { readImageDevices } from './run-instance.ts';
import { findInstance, isDead, observeInstance, stateOf } from './find-instance.ts';
import { findImageOf } from './launched-volumes.ts';
import { watch, type Timing } from './timing.ts';
import { isVolumeGone, loadItems, observeItems, toNodeVolumes, type VolumeItem } from './volumes.ts';

/** Attaches volumes to their instance under device names that the ledger stores. */
export function createAttachPair(
  findRuntime: FindAwsRuntime,
  timing: Timing,
): Pick<ProviderHandler, 'attachVolumes' | 'waitAttachVolumes'> {
  return {
    async attachVolumes(context, call) {
      const aws = findRuntime(context);
      if (listTaskVolumes(context).length === 0) return { state: 'done' };
      const moved = await followInstance(aws, context, call);
      if (moved !== undefined) return moved;
      const direct = await attachDirectly(aws, context, call);
      if (direct !== undefined) return { state: 'started', changes: { resources: direct } };
      const items = await loadItems(aws, call, context);
      const instance = await findInstance(aws.cloud, call, context);
      if (instance === undefined || isDead(instance)) throw instanceGone(context, findInstanceRow(context));
      if (stateOf(instance) === 'pending') throw notYet(`instance ${instance.InstanceId} is still starting`);
      return {
        state: 'started',
        changes: { resources: await attachAll(aws, context, call, items, instance) },
      };
    },
    waitAttachVolumes: (context, call) =>
      watch(call, timing.pollMs, async (look) => {
        const aws = findRuntime(context);
        const items = await observeItems(aws, look, context);
        const instanceId = instanceRow(context).cloudId;
        for (const { spec, volume } of items) {
          const seen = `volume ${spec.index} is not shown by AWS`;
          const missing = isMissingForLong(look.cursor, seen, timing.settleMs);
          if (volume === undefined && !missing.forLong) return missing.observation;
          if (volume === undefined || isVolumeGone(volume)) throw volumeGone(context, spec);
          const attachment = findAttachment(volume, instanceId);
          if (attachment?.State === 'attached') continue;
          // A volume cannot become attached to an instance that no longer exists.
          if (attachment === undefined) {
            const instance = await observeInstance(aws.cloud, look, context);
            const lost = isMissingForLong(look.cursor, 'the instance is not shown by AWS', timing.settleMs);
            if (instance === undefined && !lost.forLong) return lost.observation;
            if (instance === undefined || isDead(instance))
              throw instanceGone(context, findInstanceRow(context));
          }
          const state = attachment?.State ?? 'not attached yet';
          return { state: 'pending', seen: `volume ${volume.VolumeId} is ${state}` };
        }
        const nitro = await isNitro(aws, context, look);
        const deviceOf = ({ volume }: VolumeItem): string =>
          volume === undefined
            ? ''
            : toNodeDevice(volume.VolumeId ?? '', findAttachment(volume, instanceId)?.Device ?? '', nitro);
        return {
          state: 'done',
          changes: {
            resources: items.flatMap((item) =>
              toAttached(item.row, item.volume?.VolumeId, findAttachment(item.volume, instanceId)?.Device),
            ),
            node: { volumes: toNodeVolumes(context, items, deviceOf) },
          },
        };
      }),
  };
}

/** EC2's codes for an instance, a volume or a device name whose state differs from the ledger. */
const NEEDS_A_LOOK = [
  'VolumeInUse',
  'IncorrectState',
  'IncorrectInstanceState',
  'InvalidParameterValue',
  'InvalidInstanceID.NotFound',
  'InvalidVolume.NotFound',
] as const;

/**
 * Attaches with what the ledger knows, without reading first: EC2 itself refuses a second attachment of a
 * volume, a device name that is taken and an instance that is not ready. Returns undefined when EC2
 * refuses or the ledger does not know enough: then the state has to be read.
 */
async function attachDirectly(
  aws: AwsRuntime,
  context: NodeTaskContext,
  call: EffectCall,
): Promise<readonly ResourceChange[] | undefined> {
  const instanceId = findInstanceRow(context)?.cloudId ?? '';
  const rows = listTaskVolumes(context).map(({ index }) => volumeRow(context, index));
  if (instanceId === '' || rows.some(({ cloudId }) => cloudId === '')) return undefined;
  // Device names of the node's other volumes, and those assigned here.
  const taken = Object.values(context.resources)
    .filter((row) => !rows.includes(row))
    .flatMap(({ attributes: { device } }) => (device === undefined ? [] : [{ DeviceName: device }]));
  const ofImage = readImageDevices(findInstanceRow(context));
  const changes: ResourceChange[] = [];
  for (const row of rows) {
    const device = chooseDeviceName({ BlockDeviceMappings: taken }, row.attributes['device'], ofImage);
    if (device === undefined) return undefined;
    try {
      await sendAttach(aws, call, row, { volumeId: row.cloudId, instanceId, device });
    } catch (error) {
      if (isAwsCode(error, ...NEEDS_A_LOOK)) return undefined;
      throw error;
    }
    taken.push({ DeviceName: device });
    changes.push(...toAttached(row, row.cloudId, device));
  }
  return changes;
}

async function sendAttach(
  { cloud }: AwsRuntime,
  call: EffectCall,
  row: LedgerResource,
  request: { readonly volumeId: string; readonly instanceId: string; readonly device: string },
): Promise<void> {
  const { volumeId, instanceId, device } = request;
  await call.effect(row.token, () =>
    cloud.ec2(call, 'AttachVolume', (ec2, options) =>
      ec2.attachVolume({ VolumeId: volumeId, InstanceId: instanceId, Device: device }, options),
    ),
  );
}

async function attachAll(
  aws: AwsRuntime,
  context: NodeTaskContext,
  call: EffectCall,
  items: readonly VolumeItem[],
  instance: Instance,
): Promise<readonly ResourceChange[]> {
  const changes: ResourceChange[] = [];
  // A name that one volume has got is taken for the next one, before EC2 shows it.
  const mappings = [...(instance.BlockDeviceMappings ?? [])];
  const image = await findImageOf(aws, call, instance.ImageId ?? '');
  for (const item of items) {
    const { spec, row, volume } = item;
    // Made a moment ago, where the instance is.
    if (volume === undefined && row.state === 'intended')
      throw notYet(`volume ${spec.index} is not shown by AWS yet`);
    if (volume === undefined || isVolumeGone(volume)) throw volumeGone(context, spec);
    const attachment = findAttachment(volume, instance.InstanceId);
    if (attachment !== undefined && attachment.State !== 'detaching') {
      await confirmAttached(aws, call, volume, instance);
      changes.push(...toAttached(row, volume.VolumeId, attachment.Device));
      continue;
    }
    if (volume.State === 'creating') throw notYet(`volume ${volume.VolumeId} is still being created`);
    if (volume.State === 'in-use') throw attachedElsewhere(volume);
    const remembered = row.attributes['device'];
    const device = chooseDeviceName(
      { ...instance, BlockDeviceMappings: mappings },
      remembered,
      image?.devices,
    );
    if (device === undefined) throw noDeviceName(instance);
    const { VolumeId: volumeId = '' } = volume;
    await sendAttach(aws, call, row, { volumeId, instanceId: instance.InstanceId ?? '', device }).catch(
      (error: unknown) => {
        // Taken since it was read, or being attached: the next poll shows by which volume.
        if (!isAwsCode(error, 'VolumeInUse', 'IncorrectState', 'IncorrectInstanceState')) throw error;
        throw notYet(
          `volume ${volume.VolumeId} cannot be attached to ${instance.InstanceId} yet: ${messageOf(error)}`,
        );
      },
    );
    mappings.push({ DeviceName: device });
    changes.push(...toAttached(row, volume.VolumeId, device));
  }
  return changes;
}

/**
 * It seems to be attached already. Before nothing is done, a second read has to confirm it: the first may
 * be older than the last detachment.
 *
 * @throws unavailable if the two differ.
 */
async function confirmAttached(
  { cloud }: AwsRuntime,
  call: EffectCall,
  { VolumeId: volumeId = '' }: Volume,
  { InstanceId: instanceId }: Instance,
): Promise<void> {
  const attachment = findAttachment(await getResources(cloud).volumeById(call, volumeId), instanceId);
  if (attachment === undefined || attachment.State === 'detaching')
    throw notYet(`volume ${volumeId} is being moved from ${instanceId}`);
}

function toAttached(
  row: LedgerResource,
  volumeId: string | undefined,
  device: string | undefined,
): readonly ResourceChange[] {
  if (volumeId === undefined || device === undefined) return [];
  return [{ token: row.token, state: 'made', cloudId: volumeId, attributes: { ...row.attributes, device } }];
}

function findAttachment(
  volume: Volume | undefined,
  instanceId: string | undefined,
): VolumeAttachment | undefined {
  return volume?.Attachments?.find(
    (attachment) => attachment.InstanceId === instanceId && attachment.State !== 'detached',
  );
}

/** @throws not-found `INSTANCE_NOT_FOUND` */
async function observeLiving(
  aws: AwsRuntime,
  context: NodeTaskContext,
  call: ObserveCall,
): Promise<Instance> {
  const instance = await observeInstance(aws.cloud, call, context);
  if (instance !== undefined && !isDead(instance)) return instance;
  throw instanceGone(context, findInstanceRow(context));
}

/** The ledger knows the type of a running node; while it is stopped, a user may have changed it. */
async function isNitro(aws: AwsRuntime, context: NodeTaskContext, call: ObserveCall): Promise<boolean> {
  const known = context.node.status === 'active' ? instanceRow(context).attributes['instanceType'] : '';
  const name = known || ((await observeLiving(aws, context, call)).InstanceType ?? '');
  return (await describeTypesByName(aws.cloud, call, [name])).get(name)?.nitro ?? true;
}

function attachedElsewhere(volume: Volume): WindlassError {
  const [attachment] = volume.Attachments ?? [];
  // It is attached to an instance that is being deleted, or to another owner's: both may be temporary.
  return notYet(
    `volume ${volume.VolumeId} is ${attachment?.State ?? 'in use'} on ${attachment?.InstanceId ?? 'another instance'}`,
  );
}

function noDeviceName(instance: Instance): WindlassError {
  return new WindlassError('quota', `instance ${instance.InstanceId} has no device name left`, {
    code: 'AWS_QUOTA',
    hint: 'an instance has room for only some dozens of volumes',
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
