import type { ClusterWrapper } from '../../src/domain/index.ts';
import type { ClusterView } from '../../src/protocol/index.ts';

/** What the package declares about a cluster and its roles, for users. */
export function toDeclaredView(
  wrapper: ClusterWrapper,
): Required<Pick<ClusterView, 'roles' | 'reservedIps' | 'declared'>> {
  const { cluster, roles, nodes } = wrapper;
  return {
    roles: roles.map((role) => ({
      role: role.role,
      nodes: nodes.filter((node) => node.role === role.role && node.status !== 'deleted').length,
      replica: role.replica,
      cpu: role.cpu,
      memoryMiB: role.memoryMiB,
      gpu: role.gpu,
      instanceClass: role.instanceClass,
      volumes: role.volumes.map(({ mountPoint, sizeGiB, filesystem }) => ({
        mountPoint,
        sizeGiB,
        filesystem,
      })),
      env: role.env,
      services: role.services.map(({ name, custom }) => ({ name, custom })),
      // Everything that the cluster as a whole supports, each of its roles supports.
      advancedActions: [...new Set([...cluster.advancedActions, ...role.advancedActions])],
    })),
    reservedIps: cluster.reservedIps,
    declared: {
      upgradePolicy: cluster.upgradePolicy,
      upgradingPolicy: cluster.upgradingPolicy,
      backupPolicy: cluster.backupPolicy,
      incrementalBackupSupported: cluster.incrementalBackupSupported,
      multiZonePolicy: cluster.multiZonePolicy,
      metadataRootAccess: cluster.metadataRootAccess,
      advancedServices: cluster.advancedServices.map(({ name }) => name),
      displayTabs: Object.keys(cluster.displayTabs ?? {}),
      addLinks: cluster.addLinks,
    },
  };
}
