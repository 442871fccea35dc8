import type { ClusterNode, ClusterRole, ErrorDetail, VolumeSpec } from '../domain/index.ts';
import type { RoleSpec, VolumeLayout } from './cluster-spec.ts';
import { nodeIdOf, replicaRole, takeGlobalServerId } from './node-identity.ts';

const DEFAULT_MOUNT_OPTIONS: ReadonlyMap<string, string> = new Map([
  ['ext4', 'defaults,noatime'],
  ['xfs', 'rw,noatime,inode64,allocsize=16m'],
]);

/** How a fault names a place in cluster.json by the conf key that filled it. */
export type NameField = (path: string) => string;

/** The stored form of a role: its volumes divided, its counts left to the nodes. */
export function toClusterRole(spec: RoleSpec, clusterId: string): ClusterRole {
  const { path: _path, count: _count, volume, ...role } = spec;
  return { ...role, clusterId, volumes: volume === null ? [] : divideVolume(volume, spec.instanceClass) };
}

/** The size is that of a whole node; every mount point gets an equal part of it. */
function divideVolume(volume: VolumeLayout, instanceClass: number): VolumeSpec[] {
  return volume.mountPoints.map((mountPoint, index) => ({
    index,
    sizeGiB: volume.sizeGiB / volume.mountPoints.length,
    // Without a class of its own a volume is of the class of its instance.
    volumeClass: volume.volumeClass ?? instanceClass,
    mountPoint,
    mountOptions: volume.mountOptions ?? DEFAULT_MOUNT_OPTIONS.get(volume.filesystem) ?? 'defaults',
    filesystem: volume.filesystem,
  }));
}

/**
 * All nodes of the roles, in the order of the package: the nodes of a role with server ids from 1,
 * then their replicas with the ids that follow. Nothing of them exists yet.
 */
export function buildNodes(specs: readonly RoleSpec[], clusterId: string): ClusterNode[] {
  const globalServerIds = new Set<number>();
  return specs.flatMap((spec) => {
    const { volumes } = toClusterRole(spec, clusterId);
    const build = (role: string, serverId: number, groupId: number, isReplica: boolean): ClusterNode => {
      const nodeId = nodeIdOf(clusterId, role, serverId);
      return {
        nodeId,
        clusterId,
        role,
        serverId,
        groupId,
        globalServerId: takeGlobalServerId(nodeId, globalServerIds),
        isReplica,
        status: 'pending',
        instanceId: '',
        privateIp: '',
        publicIp: '',
        ssh: { port: 22, user: 'root', hostKey: '', root: '' },
        volumes: volumes.map(({ index, sizeGiB, mountPoint }) => ({
          index,
          volumeId: '',
          sizeGiB,
          device: '',
          mountPoint,
        })),
        passphraselessKey: '',
        customToken: '',
      };
    };
    const nodes: ClusterNode[] = [];
    for (let group = 1; group <= spec.count; group += 1) nodes.push(build(spec.role, group, group, false));
    for (let group = 1; group <= spec.count; group += 1) {
      for (let copy = 1; copy <= spec.replica; copy += 1) {
        const serverId = spec.count + (group - 1) * spec.replica + copy;
        nodes.push(build(replicaRole(spec.role), serverId, group, true));
      }
    }
    return nodes;
  });
}

/** What only the user's values can make wrong: no node at all, ids out of bounds, uneven volumes. */
export function findClusterFaults(specs: readonly RoleSpec[], nameField: NameField): ErrorDetail[] {
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
