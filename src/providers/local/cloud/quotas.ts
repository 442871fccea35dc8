import { WindlassError } from '../../../domain/index.ts';
import { findShortage } from '../../../provider-utils/index.ts';
import type { Instance, Quotas, Volume } from './local-cloud.ts';

/** Sums over a set of instances and volumes, with the names of Quotas. */
export type Usage = Readonly<Record<keyof Quotas, number>>;

export const NO_USAGE: Usage = { instances: 0, cpu: 0, memoryMiB: 0, volumes: 0, volumeGiB: 0 };

const WORDS: Readonly<Record<keyof Quotas, { readonly noun: string; readonly setting: string }>> = {
  instances: { noun: 'instances', setting: 'quotaInstances' },
  cpu: { noun: 'CPUs', setting: 'quotaCpu' },
  memoryMiB: { noun: 'MiB of memory', setting: 'quotaMemoryMiB' },
  volumes: { noun: 'volumes', setting: 'quotaVolumes' },
  volumeGiB: { noun: 'GiB of volumes', setting: 'quotaVolumeGiB' },
};

export function sumUsage(
  instances: readonly Pick<Instance, 'cpu' | 'memoryMiB'>[],
  volumes: readonly Pick<Volume, 'sizeGiB'>[],
): Usage {
  return {
    instances: instances.length,
    cpu: instances.reduce((sum, { cpu }) => sum + cpu, 0),
    memoryMiB: instances.reduce((sum, { memoryMiB }) => sum + memoryMiB, 0),
    volumes: volumes.length,
    volumeGiB: volumes.reduce((sum, { sizeGiB }) => sum + sizeGiB, 0),
  };
}

export function addUsage(left: Usage, right: Usage): Usage {
  return {
    instances: left.instances + right.instances,
    cpu: left.cpu + right.cpu,
    memoryMiB: left.memoryMiB + right.memoryMiB,
    volumes: left.volumes + right.volumes,
    volumeGiB: left.volumeGiB + right.volumeGiB,
  };
}

/**
 * @throws quota `LOCAL_QUOTA`, with every limit that is exceeded: how much is requested, how much is left.
 */
export function assertWithinQuotas(quotas: Quotas, used: Usage, asked: Usage): void {
  const faults = (Object.keys(WORDS) as (keyof Quotas)[]).flatMap((name) => {
    const limit = quotas[name];
    if (limit === undefined) return [];
    const { noun, setting } = WORDS[name];
    const message = findShortage(noun, { limit, used: used[name], reserved: 0, asked: asked[name] });
    return message === undefined ? [] : [{ field: setting, message }];
  });
  const [first] = faults;
  if (first === undefined) return;
  throw new WindlassError('quota', faults.map(({ message }) => message).join('; '), {
    code: 'LOCAL_QUOTA',
    field: first.field,
    details: faults,
    hint: `delete clusters of this runtime, or raise its limit: windlass runtime update … --set ${first.field}=…`,
  });
}

/** Whether any limit is set. */
export function hasQuotas(quotas: Quotas): boolean {
  return Object.values(quotas).some((limit) => limit !== undefined);
}
