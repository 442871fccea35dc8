import { WindlassError } from '../../domain/index.ts';
import type { LedgerResource, NodeVolume, VolumeSpec } from '../../domain/index.ts';
import type { Changes, EffectCall, NodeTaskContext, Observation, VolumePairs } from '../../provider/index.ts';
import {
  findVolumeRow,
  listTaskVolumes,
  mergeNodeVolumes,
  volumeGone,
  volumeRow,
} from '../../provider-utils/index.ts';
import { findInstance } from './instance-handler.ts';
import { assertZone } from './settings.ts';
import { watch } from './watch.ts';
import type { Instance, LocalCloud, Volume } from './cloud/local-cloud.ts';
import { toVolumeId } from './cloud/open-local-cloud.ts';
import type { FindCloud, RuntimeCloud } from './find-cloud.ts';

/** One volume of the task's node. */
interface Item {
  readonly spec: VolumeSpec;
  readonly resource: LedgerResource;
  /** Null while it does not exist. */
  readonly volume: Volume | null;
}

/** Every effect on a volume is immediate: the handles return what their waits would. */
export function createVolumeHandler(findCloud: FindCloud): VolumePairs {
  const getCloud = (context: NodeTaskContext): LocalCloud => findCloud(context.runtime.settings).cloud;

  async function loadItems(context: NodeTaskContext): Promise<readonly Item[]> {
    const cloud = getCloud(context);
    return Promise.all(
      listTaskVolumes(context).map(async (spec) => {
        const resource = volumeRow(context, spec.index);
        return { spec, resource, volume: await findVolume(cloud, resource) };
      }),
    );
  }

  /** The volumes of the node that were ever intended: a cluster may fail before its first volume. */
  async function loadIntended(context: NodeTaskContext): Promise<readonly Item[]> {
    const cloud = getCloud(context);
    const items = listTaskVolumes(context).map(async (spec): Promise<readonly Item[]> => {
      const resource = findVolumeRow(context, spec.index);
      return resource === undefined ? [] : [{ spec, resource, volume: await findVolume(cloud, resource) }];
    });
    return (await Promise.all(items)).flat();
  }

  /** Reads all volumes; done when `missing` returns nothing for each. */
  async function observe(
    context: NodeTaskContext,
    missing: (item: Item) => string | null,
    toChanges: (items: readonly Item[]) => Changes,
    load: (context: NodeTaskContext) => Promise<readonly Item[]> = loadItems,
  ): Promise<Observation> {
    const items = await load(context);
    const seen = items.map(missing).filter((text) => text !== null);
    if (seen.length > 0) return { state: 'pending', seen: seen.join(', ') };
    return { state: 'done', changes: toChanges(items) };
  }

  const observeCreated = (context: NodeTaskContext): Promise<Observation> =>
    observe(
      context,
      ({ spec, volume }) => (volume === null ? `volume ${spec.index} does not exist yet` : null),
      (items) => ({
        resources: items.map(({ resource, volume }) => ({
          token: resource.token,
          state: 'made',
          cloudId: volume?.id ?? '',
        })),
        node: { volumes: toNodeVolumes(context, items) },
      }),
    );

  const observeAttached = async (context: NodeTaskContext): Promise<Observation> => {
    const instance = await findInstance(getCloud(context), context);
    return observe(
      context,
      ({ spec, volume }) => {
        if (volume === null) throw volumeGone(context, spec);
        return instance !== null && isAttachedTo(volume, instance, spec)
          ? null
          : `volume ${volume.id} is not attached yet`;
      },
      (items) => ({ node: { volumes: toNodeVolumes(context, items) } }),
    );
  };

  const observeDetached = (context: NodeTaskContext): Promise<Observation> =>
    observe(
      context,
      ({ volume }) =>
        volume === null || volume.attachment === null ? null : `volume ${volume.id} is still attached`,
      (items) => ({ node: { volumes: toNodeVolumes(context, items) } }),
      loadIntended,
    );

  const observeDeleted = (context: NodeTaskContext): Promise<Observation> =>
    observe(
      context,
      ({ volume }) => (volume === null ? null : `volume ${volume.id} still exists`),
      (items) => ({
        resources: items.map(({ resource }) => ({ token: resource.token, state: 'gone' })),
        node: { volumes: toNodeVolumes(context, items) },
      }),
      loadIntended,
    );

  const observeResized = (context: NodeTaskContext): Promise<Observation> =>
    observe(
      context,
      ({ spec, volume }) => {
        if (volume === null) throw volumeGone(context, spec);
        return volume.sizeGiB === spec.sizeGiB ? null : `volume ${volume.id} has ${volume.sizeGiB} GiB`;
      },
      (items) => ({ node: { volumes: toNodeVolumes(context, items) } }),
    );

  return {
    async createVolumes(context, call) {
      const place = findCloud(context.runtime.settings);
      assertZone(place.settings, zoneOf(context));
      for (const { spec, resource, volume } of await loadItems(context)) {
        if (volume === null) await createVolume(place, context, { spec, resource }, call);
      }
      return assertDone(await observeCreated(context));
    },
    waitCreateVolumes: (context, call) => watch(call, () => observeCreated(context)),

    async attachVolumes(context, call) {
      const cloud = getCloud(context);
      const items = await loadItems(context);
      if (items.length === 0) return { state: 'done', changes: {} };
      const instance = await findInstance(cloud, context);
      if (instance === null) {
        throw new WindlassError(
          'not-found',
          `node ${context.node.nodeId} has no instance to attach volumes to`,
          {
            code: 'INSTANCE_NOT_FOUND',
          },
        );
      }
      for (const { spec, resource, volume } of items) {
        if (volume === null) throw volumeGone(context, spec);
        // Also if it is attached already: after a crash the device itself may be missing.
        await call.effect(resource.token, () =>
          cloud.attachVolume(volume.id, instance.id, toDevice(spec.index)),
        );
      }
      return assertDone(await observeAttached(context));
    },
    waitAttachVolumes: (context, call) => watch(call, () => observeAttached(context)),

    async detachVolumes(context, call) {
      const cloud = getCloud(context);
      for (const { resource, volume } of await loadIntended(context)) {
        if (volume === null || volume.attachment === null) continue;
        await call.effect(resource.token, () => cloud.detachVolume(volume.id));
      }
      return assertDone(await observeDetached(context));
    },
    waitDetachVolumes: (context, call) => watch(call, () => observeDetached(context)),

    async deleteVolumes(context, call) {
      const cloud = getCloud(context);
      for (const { resource, volume } of await loadIntended(context)) {
        // Also when it is not found: parts that an unfinished attempt left are deleted too.
        const id = volume?.id ?? toVolumeId(resource.token);
        await call.effect(resource.token, () => cloud.deleteVolume(id));
      }
      return assertDone(await observeDeleted(context));
    },
    waitDeleteVolumes: (context, call) => watch(call, () => observeDeleted(context)),

    async resizeVolumes(context, call) {
      const { cloud, settings } = findCloud(context.runtime.settings);
      for (const { spec, resource, volume } of await loadItems(context)) {
        if (volume === null) throw volumeGone(context, spec);
        if (spec.sizeGiB < volume.sizeGiB) throw shrinkError(volume, spec);
        if (spec.sizeGiB === volume.sizeGiB) continue;
        await call.effect(resource.token, () => cloud.resizeVolume(volume.id, spec.sizeGiB, settings.quotas));
      }
      return assertDone(await observeResized(context));
    },
    waitResizeVolumes: (context, call) => watch(call, () => observeResized(context)),
  };
}

async function createVolume(
  { cloud, settings }: RuntimeCloud,
  context: NodeTaskContext,
  { spec, resource }: Pick<Item, 'spec' | 'resource'>,
  call: EffectCall,
): Promise<void> {
  const { token } = resource;
  await call.effect(token, () =>
    cloud.makeVolume(
      {
        id: toVolumeId(token),
        token,
        zone: zoneOf(context),
        sizeGiB: spec.sizeGiB,
        volumeClass: spec.volumeClass,
      },
      settings.quotas,
    ),
  );
}

async function findVolume(cloud: LocalCloud, resource: LedgerResource): Promise<Volume | null> {
  const byToken = await cloud.findVolume(resource.token);
  if (byToken !== null || resource.cloudId === '') return byToken;
  return cloud.getVolume(resource.cloudId);
}

function zoneOf(context: NodeTaskContext): string {
  return context.runtime.zone;
}

/** `/dev/vdb`, `/dev/vdc`, …, `/dev/vdz`, `/dev/vdaa`, …: vda would be the root disk. */
export function toDevice(index: number): string {
  const number = index + 1;
  const letters = [...(number < 26 ? [number] : [Math.floor(number / 26) - 1, number % 26])];
  return `/dev/vd${letters.map((letter) => String.fromCharCode(97 + letter)).join('')}`;
}

function isAttachedTo(volume: Volume, instance: Instance, spec: VolumeSpec): boolean {
  return volume.attachment?.instanceId === instance.id && volume.attachment.device === toDevice(spec.index);
}

/** All volumes of the node, with the current state of those that the task is about. */
function toNodeVolumes(context: NodeTaskContext, items: readonly Item[]): readonly NodeVolume[] {
  const touched = items.map(({ spec, volume }) => ({
    index: spec.index,
    volumeId: volume?.id ?? '',
    sizeGiB: volume?.sizeGiB ?? spec.sizeGiB,
    device: volume?.attachment?.device ?? '',
    mountPoint: spec.mountPoint,
  }));
  return mergeNodeVolumes(context, touched);
}

function assertDone(observation: Observation): { readonly state: 'done'; readonly changes: Changes } {
  if (observation.state === 'done') return { state: 'done', changes: observation.changes ?? {} };
  throw new WindlassError('conflict', `the volumes were changed from outside: ${observation.seen}`, {
    code: 'VOLUME_CHANGED',
  });
}

function shrinkError(volume: Volume, spec: VolumeSpec): WindlassError {
  return new WindlassError(
    'invalid-input',
    `volume ${volume.id} has ${volume.sizeGiB} GiB and cannot shrink to ${spec.sizeGiB}`,
    { code: 'VOLUME_SHRINK', field: 'sizeGiB' },
  );
}
