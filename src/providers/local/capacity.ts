import { JOB_ACTIONS, type ClusterRole } from '../../domain/index.ts';
import type { CheckResourceRequest } from '../../provider/index.ts';
import type { LocalSettings } from './settings.ts';
import type { LocalCloud } from './cloud/local-cloud.ts';
import { addUsage, assertWithinQuotas, NO_USAGE, sumUsage, type Usage } from './cloud/quotas.ts';

/**
 * Checks that the local cloud can hold what the action creates beside what it has and what running jobs
 * have reserved. Resources that this cluster already has are not counted again.
 *
 * @throws quota `LOCAL_QUOTA`; invalid-input `ZONE_UNKNOWN`.
 */
export async function assertCapacity(
  cloud: LocalCloud,
  settings: LocalSettings,
  request: CheckResourceRequest,
): Promise<void> {
  const { needs } = JOB_ACTIONS[request.action];
  // A stopped node keeps its resources, so a start needs nothing more.
  if (needs !== 'new' && needs !== 'larger') return;
  const { cluster, nodes, roles } = request.cluster;
  const ownPrefix = `${cluster.clusterId}/`;
  const instances = (await cloud.listInstances()).filter(({ token }) => !token.startsWith(ownPrefix));
  const volumes = (await cloud.listVolumes()).filter(({ token }) => !token.startsWith(ownPrefix));
  let asked: Usage = NO_USAGE;
  for (const node of nodes) {
    const role = findRole(roles, node.role);
    if (role === undefined) continue;
    asked = addUsage(asked, sumUsage([role], role.volumes));
  }
  const { gpu: _, ...reserved } = request.reserved;
  assertWithinQuotas(settings.quotas, addUsage(sumUsage(instances, volumes), reserved), asked);
}

/** Replicas have the size of the role that they copy. */
function findRole(roles: readonly ClusterRole[], name: string): ClusterRole | undefined {
  return (
    roles.find(({ role }) => role === name) ??
    roles.find(({ role }) => `${role}-replica` === name || (role === '' && name === 'replica'))
  );
}
