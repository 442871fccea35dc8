import type { Volume } from '@aws-sdk/client-ec2';
import {
  WindlassError,
  type LedgerResource,
  type NodeVolume,
  type ResourceChange,
  type VolumeSpec,
} from '../../../domain/index.ts';
import type {
  Changes,
  EffectCall,
  NodeTaskContext,
  ObserveCall,
  Observation,
} from '../../../provider/index.ts';
import {
  findVolumeRow,
  isMissingForLong,
  listTaskVolumes,
  mayBeMade,
  mergeNodeVolumes,
  volumeGone,
  volumeRow,
} from '../../../provider-utils/index.ts';
import type { RequestCall } from '../cloud/open-cloud.ts';
import { getResources, getWatchedResources, type Resources } from '../cloud/resources.ts';
import { readTag, TAGS, toClientToken, toTags } from '../cloud/tags.ts';
import { isAwsCode } from '../cloud/to-windlass-error.ts';
import type { AwsRuntime } from '../aws-runtime.ts';
import { toVolumeKind } from '../volume-types.ts';
import { notYet } from './not-yet.ts';
import { toNodeTags } from './run-request.ts';

/** One volume of the task's node. */
export interface VolumeItem {
  readonly spec: VolumeSpec;
  readonly row: LedgerResource;
  /** Undefined while AWS does not show it. */
  readonly volume: Volume | undefined;
}

/** Whether it is being deleted, or is deleted: nothing can be done with it. */
export function isVolumeGone({ State: state }: Volume): boolean {
  return state === 'deleting' || state === 'deleted';
}

/** Selects volumes of a node. */
interface ItemOptions {
  /** Only those that have a ledger row. */
  readonly intended?: boolean;
}

/**
 * The volumes of a task, as AWS shows them now, by token. `intended`: volumes without a ledger row are
 * left out, because a job may have failed before its first volume.
 */
export async function loadItems(
  aws: AwsRuntime,
  call: RequestCall,
  context: NodeTaskContext,
  options: ItemOptions & { readonly resources?: Resources } = {},
): Promise<readonly VolumeItem[]> {
  const specs = listTaskVolumes(context).filter(
    ({ index }) => options.intended !== true || findVolumeRow(context, index) !== undefined,
  );
  if (specs.length === 0) return [];
  const rows = specs.map(({ index }) => volumeRow(context, index));
  const volumes = await listVolumes(aws, call, context, rows, options.resources);
  return specs.map((spec) => {
    const row = volumeRow(context, spec.index);
    return { spec, row, volume: findOfRow(volumes, row) };
  });
}

/**
 * All volumes of the node. Volumes that are known by their ids and are not among them are read by these
 * ids: a list may be stale, and a single read never proves that a volume is gone.
 */
export async function listVolumes(
  aws: AwsRuntime,
  call: RequestCall,
  context: NodeTaskContext,
  rows: readonly LedgerResource[],
  resources: Resources = getResources(aws.cloud),
): Promise<readonly Volume[]> {
  const volumes = (await resources.volumesOfNode(call, context.node.nodeId)) ?? [];
  const listed = new Set(volumes.map(({ VolumeId }) => VolumeId));
  const missing = rows.filter(({ cloudId }) => cloudId !== '' && !listed.has(cloudId));
  const known = await Promise.all(missing.map(({ cloudId }) => resources.volumeById(call, cloudId)));
  return [...volumes, ...known.filter((volume) => volume !== undefined)];
}

/** The same for a wait: by id if all ids are known, because one request may then name a thousand. */
export async function observeItems(
  aws: AwsRuntime,
  call: RequestCall,
  context: NodeTaskContext,
  options: ItemOptions = {},
): Promise<readonly VolumeItem[]> {
  const specs = listTaskVolumes(context).filter(
    ({ index }) => options.intended !== true || findVolumeRow(context, index) !== undefined,
  );
  const rows = specs.map(({ index }) => volumeRow(context, index));
  const resources = getWatchedResources(aws.cloud);
  if (rows.some(({ cloudId }) => cloudId === ''))
    return loadItems(aws, call, context, { ...options, resources });
  const { volumeById } = resources;
  return Promise.all(
    specs.map(async (spec) => {
      const row = volumeRow(context, spec.index);
      return { spec, row, volume: await volumeById(call, row.cloudId) };
    }),
  );
}

function findOfRow(volumes: readonly Volume[], row: LedgerResource): Volume | undefined {
  const ofRow = volumes.filter(
    (volume) =>
      readTag(volume, TAGS.token) === row.token || (row.cloudId !== '' && volume.VolumeId === row.cloudId),
  );
  return ofRow.find((volume) => !isVolumeGone(volume)) ?? ofRow[0];
}

/**
 * Creates one volume under its client token, or adopts the one that carries the token. The result may be a
 * volume that is being deleted (isVolumeGone): a token may outlive the volume that was created under it.
 */
export async function createVolume(
  aws: AwsRuntime,
  context: NodeTaskContext,
  call: EffectCall,
  spec: VolumeSpec,
  row: LedgerResource,
): Promise<Volume> {
  const { cloud, settings } = aws;
  if (mayBeMade(call, row)) {
    const volumes = (await getResources(cloud).volumesOfNode(call, context.node.nodeId)) ?? [];
    const found = findOfRow(volumes, row);
    if (found !== undefined) return found;
  }
  const kind = toVolumeKind(spec, settings);
  try {
    return await call.effect(row.token, () =>
      cloud.ec2(call, 'CreateVolume', (ec2, options) =>
        ec2.createVolume(
          {
            ClientToken: toClientToken(row.token),
            AvailabilityZone: row.attributes['zone'] ?? aws.zone,
            Size: spec.sizeGiB,
            VolumeType: kind.type as 'gp3',
            ...(kind.iops === undefined ? {} : { Iops: kind.iops }),
            ...(settings.encrypted ? { Encrypted: true } : {}),
            ...(settings.encrypted && settings.kmsKeyId !== undefined ? { KmsKeyId: settings.kmsKeyId } : {}),
            TagSpecifications: [
              {
                ResourceType: 'volume',
                Tags: toTags({ ...toNodeTags(context, settings), [TAGS.token]: row.token }),
              },
            ],
          },
          options,
        ),
      ),
    );
  } catch (error) {
    if (isAwsCode(error, 'IdempotentParameterMismatch')) {
      throw notYet(
        `the client token of ${row.token} was used for another request, and its volume is not shown yet`,
      );
    }
    throw error;
  }
}

/** What the ledger stores about a volume that exists. */
export function toMade(row: LedgerResource, volume: Volume): ResourceChange {
  return { token: row.token, state: 'made', cloudId: volume.VolumeId ?? '' };
}

/** Done when all are available, or already attached. */
export async function observeCreated(
  aws: AwsRuntime,
  context: NodeTaskContext,
  call: ObserveCall,
): Promise<Observation & { readonly changes?: Changes }> {
  const items = await observeItems(aws, call, context);
  const missing = items.find(({ volume }) => volume === undefined);
  if (missing !== undefined) {
    const since = isMissingForLong(call.cursor, `volume ${missing.spec.index} is not shown by AWS yet`);
    if (since.forLong) throw volumeGone(context, missing.spec);
    return since.observation;
  }
  for (const { spec, volume } of items) {
    if (volume?.State === 'error') throw volumeBroken(volume);
    if (volume !== undefined && isVolumeGone(volume)) throw volumeGone(context, spec);
  }
  const waiting = items.find(({ volume }) => volume?.State !== 'available' && volume?.State !== 'in-use');
  if (waiting !== undefined) {
    return { state: 'pending', seen: `volume ${waiting.volume?.VolumeId} is ${waiting.volume?.State}` };
  }
  return {
    state: 'done',
    changes: {
      resources: items.flatMap(({ row, volume }) => (volume === undefined ? [] : [toMade(row, volume)])),
      node: { volumes: toNodeVolumes(context, items) },
    },
  };
}

/**
 * Deletes the volumes of some rows, whatever generation of them AWS shows, including those that were
 * `shown` a moment ago. A volume that is gone is a success.
 *
 * @throws unavailable while one is still being created or attached.
 */
export async function deleteVolumesOf(
  aws: AwsRuntime,
  context: NodeTaskContext,
  call: EffectCall,
  rows: readonly LedgerResource[],
  shown: readonly Volume[] = [],
): Promise<void> {
  const listed = await listVolumes(aws, call, context, rows);
  const ids = new Set(listed.map(({ VolumeId }) => VolumeId));
  const volumes = [...listed, ...shown.filter(({ VolumeId }) => !ids.has(VolumeId))];
  for (const row of rows) {
    for (const volume of volumes) {
      if (isVolumeGone(volume) || !isOfKind(volume, row)) continue;
      if (volume.State === 'creating') throw notYet(`volume ${volume.VolumeId} is still being created`);
      if (volume.State === 'in-use') throw notYet(`volume ${volume.VolumeId} is still attached`);
      await deleteVolume(aws, call, row.token, volume);
    }
  }
}

/** Deletes a volume; one that is gone already is fine. @throws unavailable where it is in use after all. */
export async function deleteVolume(
  aws: AwsRuntime,
  call: EffectCall,
  token: string,
  { VolumeId }: Volume,
): Promise<void> {
  try {
    await call.effect(token, () =>
      aws.cloud.ec2(call, 'DeleteVolume', (ec2, options) => ec2.deleteVolume({ VolumeId }, options)),
    );
  } catch (error) {
    if (isAwsCode(error, 'InvalidVolume.NotFound')) return;
    // Its state differs from what was shown: the next attempt reads it again.
    throw isAwsCode(error, 'VolumeInUse', 'IncorrectState')
      ? notYet(`volume ${VolumeId} cannot be deleted yet`)
      : error;
  }
}

/** Of any generation: a worker that froze long ago may have created one that the ledger abandoned. */
export function isOfKind(volume: Volume, row: LedgerResource): boolean {
  const token = readTag(volume, TAGS.token) ?? '';
  return volume.VolumeId === row.cloudId || token.replace(/\/g\d+$/, '') === row.token.replace(/\/g\d+$/, '');
}

/** All volumes of the node, with the current state of those that the task is about. */
export function toNodeVolumes(
  context: NodeTaskContext,
  items: readonly VolumeItem[],
  deviceOf: (item: VolumeItem) => string = () => '',
): readonly NodeVolume[] {
  const touched = items.map((item) => ({
    index: item.spec.index,
    volumeId: item.volume === undefined || isVolumeGone(item.volume) ? '' : (item.volume.VolumeId ?? ''),
    sizeGiB: item.volume?.Size ?? item.spec.sizeGiB,
    device: deviceOf(item),
    mountPoint: item.spec.mountPoint,
  }));
  return mergeNodeVolumes(context, touched);
}

function volumeBroken(volume: Volume): WindlassError {
  return new WindlassError(
    'conflict',
    `AWS could not create volume ${volume.VolumeId}: it is in state error`,
    {
      code: 'AWS_VOLUME_ERROR',
      hint: 'the usual cause is that the volume’s KMS key cannot be used: check kmsKeyId and the key’s policy',
    },
  );
}
