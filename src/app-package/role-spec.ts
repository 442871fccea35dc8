import type { ErrorDetail, RoleSpec, VolumeSpec } from '../domain/index.ts';
import type { PackageRole, VolumeLayout } from './package-cluster.ts';

const DEFAULT_MOUNT_OPTIONS: ReadonlyMap<string, string> = new Map([
  ['ext4', 'defaults,noatime'],
  ['xfs', 'rw,noatime,inode64,allocsize=16m'],
]);

/** How a fault names a position in cluster.json by the conf key that filled it. */
export type NameField = (path: string) => string;

/** The spec that all nodes of the role share, with the volume layout divided. */
export function toRoleSpec({ path: _path, volume, ...role }: PackageRole): RoleSpec {
  return { ...role, volumes: volume === null ? [] : divideVolume(volume, role.instanceClass) };
}

/** The size is that of a whole node; every mount point gets an equal part of it. */
function divideVolume(volume: VolumeLayout, instanceClass: number): VolumeSpec[] {
  return volume.mountPoints.map((mountPoint, index) => ({
    index,
    sizeGiB: volume.sizeGiB / volume.mountPoints.length,
    // A volume without a class of its own has the class of its instance.
    volumeClass: volume.volumeClass ?? instanceClass,
    mountPoint,
    mountOptions: volume.mountOptions ?? DEFAULT_MOUNT_OPTIONS.get(volume.filesystem) ?? 'defaults',
    filesystem: volume.filesystem,
  }));
}

/** Faults that only the user's values can cause: no nodes, ids out of bounds, uneven volumes. */
export function findClusterFaults(specs: readonly PackageRole[], nameField: NameField): ErrorDetail[] {
  const faults: ErrorDetail[] = [];
  const first = specs[0];
  if (first !== undefined && specs.every((spec) => spec.count === 0)) {
    faults.push({ field: nameField(`${first.path}.count`), message: 'a cluster needs one node or more' });
  }
  for (const spec of specs) {
    const highest = spec.count * (1 + spec.replica);
    if (spec.serverIdUpperBound !== null && highest > spec.serverIdUpperBound) {
      const message = `${highest} nodes are more than the server ids of this role allow, ${spec.serverIdUpperBound}`;
      faults.push({ field: nameField(`${spec.path}.count`), message });
    }
    const parts = spec.volume?.mountPoints.length ?? 1;
    if (spec.volume !== null && spec.volume.sizeGiB % parts !== 0) {
      const message = `${spec.volume.sizeGiB} GiB cannot be divided evenly over ${parts} volumes`;
      faults.push({ field: nameField(`${spec.path}.volume.size`), message });
    }
  }
  return faults;
}
