import type { EC2, Instance, Volume, VolumeModification } from '@aws-sdk/client-ec2';
import { WindlassError } from '../../../domain/index.ts';
import { createSharedRead, type SharedRead } from '../../../provider-utils/index.ts';
import type { AwsCloud, RequestCall } from './open-cloud.ts';
import { readPages } from './describe-all.ts';
import { readTag, TAGS } from './tags.ts';
import { isNotFoundError } from './to-windlass-error.ts';

/** Reads of instances, volumes and their modifications, shared by many tasks. */
export interface Resources {
  /** All instances that were ever created for a node and that EC2 still shows, the newest last. */
  readonly instancesOfNode: SharedRead<readonly Instance[]>;
  readonly instanceById: SharedRead<Instance>;
  /** All volumes that were created for a node as its own; not its root disks. */
  readonly volumesOfNode: SharedRead<readonly Volume[]>;
  /** Disks that its launches have created: root disks, and others of the image. */
  readonly launchedVolumesOfNode: SharedRead<readonly Volume[]>;
  readonly volumeById: SharedRead<Volume>;
  /** The last modification of a volume. */
  readonly modificationOfVolume: SharedRead<VolumeModification>;
}

/** How long reads before a change wait for each other, to be combined into one request. */
const WINDOW_MS = 50;
/** EC2's own limits: values of one filter, ids of one request. */
const MOST_FILTER_VALUES = 200;
const MOST_IDS = 1_000;
const PAGE_SIZE = 1_000;

/** The shared reads of a cloud for single reads; each cloud has one set. */
export function getResources(cloud: AwsCloud): Resources {
  return remember(cloud, 'resources', WINDOW_MS);
}

/**
 * The same for waits: all of them together send at most one request in each `cloud.pollMs`, because AWS
 * completes nothing at once.
 */
export function getWatchedResources(cloud: AwsCloud): Resources {
  return remember(cloud, 'watched resources', cloud.pollMs);
}

function remember(cloud: AwsCloud, key: string, windowMs: number): Resources {
  const known = cloud.cache.get(key) as Resources | undefined;
  if (known !== undefined) return known;
  const resources = createResources(cloud, windowMs);
  cloud.cache.set(key, resources);
  return resources;
}

function createResources(cloud: AwsCloud, windowMs: number): Resources {
  /** Resources that windlass creates for a node have a token; disks that a launch creates do not. */
  const readVolumes = (own: boolean) =>
    createSharedRead<readonly Volume[]>({
      mostKeys: MOST_FILTER_VALUES,
      windowMs,
      read: async (call, nodeIds) => {
        const filters = [{ Name: `tag:${TAGS.node}`, Values: [...nodeIds] }];
        const volumes = await describeVolumes(cloud, call, { Filters: filters });
        const wanted = volumes.filter((volume) => (readTag(volume, TAGS.token) !== undefined) === own);
        return Map.groupBy(wanted, (volume) => readTag(volume, TAGS.node) ?? '');
      },
    });
  return {
    instancesOfNode: createSharedRead({
      mostKeys: MOST_FILTER_VALUES,
      windowMs,
      read: async (call, nodeIds) => {
        const filters = [{ Name: `tag:${TAGS.node}`, Values: [...nodeIds] }];
        const instances = await describeInstances(cloud, call, { Filters: filters });
        return Map.groupBy(sortByAge(instances), (instance) => readTag(instance, TAGS.node) ?? '');
      },
    }),
    instanceById: createSharedRead({
      mostKeys: MOST_IDS,
      windowMs,
      read: (call, ids) =>
        readExisting(ids, async (some) => {
          const { Reservations = [] } = await cloud.ec2(call, 'DescribeInstances', (ec2, options) =>
            ec2.describeInstances({ InstanceIds: [...some] }, options),
          );
          const instances = Reservations.flatMap((reservation) => reservation.Instances ?? []);
          return new Map(instances.map((instance) => [instance.InstanceId ?? '', instance]));
        }),
    }),
    volumesOfNode: readVolumes(true),
    launchedVolumesOfNode: readVolumes(false),
    volumeById: createSharedRead({
      mostKeys: MOST_IDS,
      windowMs,
      read: (call, ids) =>
        readExisting(ids, async (some) => {
          const { Volumes = [] } = await cloud.ec2(call, 'DescribeVolumes', (ec2, options) =>
            ec2.describeVolumes({ VolumeIds: [...some] }, options),
          );
          return new Map(Volumes.map((volume) => [volume.VolumeId ?? '', volume]));
        }),
    }),
    modificationOfVolume: createSharedRead({
      mostKeys: MOST_FILTER_VALUES,
      windowMs,
      read: async (call, ids) => {
        const modifications = await readPages(
          (page) =>
            cloud.ec2(call, 'DescribeVolumesModifications', (ec2, options) =>
              ec2.describeVolumesModifications(
                { Filters: [{ Name: 'volume-id', Values: [...ids] }], ...page },
                options,
              ),
            ),
          (page) => page.VolumesModifications,
        );
        return new Map(modifications.map((modification) => [modification.VolumeId ?? '', modification]));
      },
    }),
  };
}

/** Every instance that matches the filters, from all pages. */
export async function describeInstances(
  cloud: AwsCloud,
  call: RequestCall,
  input: Parameters<EC2['describeInstances']>[0],
): Promise<readonly Instance[]> {
  return readPages(
    (page) =>
      cloud.ec2(call, 'DescribeInstances', (ec2, options) =>
        ec2.describeInstances({ MaxResults: PAGE_SIZE, ...input, ...page }, options),
      ),
    (page) => page.Reservations?.flatMap((reservation) => reservation.Instances ?? []),
  );
}

/** Every volume that matches the filters, from all pages. */
export async function describeVolumes(
  cloud: AwsCloud,
  call: RequestCall,
  input: Parameters<EC2['describeVolumes']>[0],
): Promise<readonly Volume[]> {
  return readPages(
    (page) =>
      cloud.ec2(call, 'DescribeVolumes', (ec2, options) =>
        ec2.describeVolumes({ MaxResults: PAGE_SIZE, ...input, ...page }, options),
      ),
    (page) => page.Volumes,
  );
}

/**
 * One unknown id among many fails the whole request: ids that the error names are left out and the rest is
 * requested again. If it names none, the ids are split in halves.
 */
async function readExisting<Value>(
  ids: readonly string[],
  read: (ids: readonly string[]) => Promise<ReadonlyMap<string, Value>>,
): Promise<ReadonlyMap<string, Value>> {
  if (ids.length === 0) return new Map();
  try {
    return await read(ids);
  } catch (error) {
    if (!isNotFoundError(error)) throw error;
    if (ids.length === 1) return new Map();
    const message = WindlassError.isInstance(error) ? error.message : '';
    const rest = ids.filter((id) => !message.includes(id));
    if (rest.length < ids.length) return readExisting(rest, read);
    const half = Math.ceil(ids.length / 2);
    const parts = [await readExisting(ids.slice(0, half), read), await readExisting(ids.slice(half), read)];
    return new Map(parts.flatMap((part) => [...part]));
  }
}

function sortByAge(instances: readonly Instance[]): readonly Instance[] {
  const launchedAt = (instance: Instance): number => instance.LaunchTime?.getTime() ?? 0;
  return [...instances].sort((left, right) => launchedAt(left) - launchedAt(right));
}
