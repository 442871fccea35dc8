import { compareText, type ClusterNode, type NodeSpec, type RoleSpec } from '../domain/index.ts';

const REPLICA_SUFFIX = '-replica';

/** Nodes by role, then server id: the order in which plans name them. Does not change its arguments. */
export function sortNodes(nodes: readonly ClusterNode[]): readonly ClusterNode[] {
  return [...nodes].sort(
    (a, b) => compareText(a.role, b.role) || a.serverId - b.serverId || compareText(a.nodeId, b.nodeId),
  );
}

/**
 * The role that describes a node. Replicas are described by a role of their own name if there is one,
 * otherwise by the role that they are replicas of. Undefined if the cluster has neither.
 */
export function findNodeRole<Role extends RoleSpec>(
  roles: readonly Role[],
  node: Pick<NodeSpec, 'role' | 'isReplica'>,
): Role | undefined {
  const own = roles.find((role) => role.role === node.role);
  if (own !== undefined || !node.isReplica || !node.role.endsWith(REPLICA_SUFFIX)) return own;
  const mainRole = node.role.slice(0, -REPLICA_SUFFIX.length);
  return roles.find((role) => role.role === mainRole);
}

/**
 * Which nodes of one role run a service: all of them, replicas included, or, if the package limits their
 * number, the first by server id; replicas never count then.
 */
export function selectServiceNodes(
  nodes: readonly ClusterNode[],
  nodesToExecuteOn: number | null,
): readonly ClusterNode[] {
  const sorted = sortNodes(nodes);
  if (nodesToExecuteOn === null) return sorted;
  return sorted.filter((node) => !node.isReplica).slice(0, Math.max(0, nodesToExecuteOn));
}
