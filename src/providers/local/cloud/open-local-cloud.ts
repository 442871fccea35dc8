import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { openAddressBook } from './addresses.ts';
import type { ContainmentKind } from './containment.ts';
import { onDisk } from './files.ts';
import { Instances } from './instances.ts';
import type { LocalCloud, Quotas } from './local-cloud.ts';
import { killMarkedProcesses, listMarkedProcesses } from './marked-processes.ts';
import { assertWithinQuotas, hasQuotas, NO_USAGE, sumUsage, type Usage } from './quotas.ts';
import { UsedIds } from './used-ids.ts';
import { Volumes } from './volumes.ts';
import { withCloudLock } from './cloud-lock.ts';

/** The id that the instance of a token has, in every local cloud. */
export function toInstanceId(token: string): string {
  return `i-${digest(token)}`;
}

/** The id that the volume of a token has, in every local cloud. */
export function toVolumeId(token: string): string {
  return `vol-${digest(token)}`;
}

function digest(token: string): string {
  return createHash('sha256').update(token).digest('hex').slice(0, 12);
}

/**
 * The local cloud in a folder. The folder is created with its first resource; opening and reading leave no
 * trace. `strongest`: containment of machines that is used at most.
 */
export function openLocalCloud(cloudFolder: string, strongest: ContainmentKind = 'cgroup'): LocalCloud {
  const folder = toRealPath(cloudFolder);
  const addresses = openAddressBook(folder);
  const instances = new Instances(folder, addresses, strongest);
  const volumes = new Volumes(folder);
  const used = new UsedIds(folder);
  const disk = <Result>(operation: () => Promise<Result>): Promise<Result> => onDisk(folder, operation);

  /**
   * Counts and creates under one lock, if there is something to count. Existing resources are not counted
   * again.
   */
  async function admit(
    quotas: Quotas,
    asked: Usage,
    make: () => Promise<void>,
    exists: () => Promise<boolean> = () => Promise.resolve(false),
  ): Promise<void> {
    if (!hasQuotas(quotas)) {
      await make();
      return;
    }
    await withCloudLock(folder, async () => {
      if (await exists()) return;
      assertWithinQuotas(quotas, sumUsage(await instances.list(), await volumes.list()), asked);
      await make();
    });
  }

  return {
    folder,
    async findInstance(token) {
      const instance = await disk(() => instances.get(toInstanceId(token)));
      return instance?.token === token ? instance : null;
    },
    getInstance: (id) => disk(() => instances.get(id)),
    makeInstance(spec, quotas) {
      const asked = sumUsage([spec], []);
      return disk(() =>
        instances.make(spec, (make) =>
          admit(
            quotas,
            asked,
            () => used.make(spec.id, make, () => instances.remove(spec.id)),
            async () => (await instances.get(spec.id)) !== null,
          ),
        ),
      );
    },
    bootInstance: (id) => disk(() => instances.boot(id)),
    stopInstance: (id) => disk(() => instances.stop(id)),
    deleteInstance: (id) =>
      disk(async () => {
        await used.add(id);
        await instances.stop(id);
        await volumes.detachAll(id);
        await instances.remove(id);
        // A machine that was starting meanwhile has lost its folder and ends; this makes sure.
        await killMarkedProcesses(folder, id);
      }),
    resizeInstance: (id, size, quotas) =>
      disk(async () => {
        const current = await instances.get(id);
        const asked = {
          ...NO_USAGE,
          cpu: size.cpu - (current?.cpu ?? 0),
          memoryMiB: size.memoryMiB - (current?.memoryMiB ?? 0),
        };
        await admit(quotas, asked, () => instances.resize(id, size));
      }),
    async findVolume(token) {
      const volume = await disk(() => volumes.get(toVolumeId(token)));
      return volume?.token === token ? volume : null;
    },
    getVolume: (id) => disk(() => volumes.get(id)),
    makeVolume(spec, quotas) {
      const asked = sumUsage([], [spec]);
      return disk(() =>
        volumes.make(spec, (make) =>
          admit(
            quotas,
            asked,
            () => used.make(spec.id, make, () => volumes.remove(spec.id)),
            async () => (await volumes.get(spec.id)) !== null,
          ),
        ),
      );
    },
    attachVolume: (id, instanceId, device) => disk(() => volumes.attach(id, instanceId, device)),
    detachVolume: (id) => disk(() => volumes.detach(id)),
    deleteVolume: (id) =>
      disk(async () => {
        await used.add(id);
        await volumes.remove(id);
      }),
    resizeVolume: (id, sizeGiB, quotas) =>
      disk(async () => {
        const current = await volumes.get(id);
        const asked = { ...NO_USAGE, volumeGiB: sizeGiB - (current?.sizeGiB ?? 0) };
        await admit(quotas, asked, () => volumes.resize(id, sizeGiB));
      }),
    countAddresses: () => disk(() => addresses.count()),
    listInstances: () => disk(() => instances.list()),
    listVolumes: () => disk(() => volumes.list()),
    listProcesses: () => listMarkedProcesses(folder),
  };
}

/** Processes know their local cloud by its path: it must be the same path however the folder was named. */
function toRealPath(folder: string): string {
  const absolute = resolve(folder);
  try {
    return realpathSync(absolute);
  } catch {
    const parent = dirname(absolute);
    return parent === absolute ? absolute : join(toRealPath(parent), basename(absolute));
  }
}
