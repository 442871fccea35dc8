import type { ClusterNode, ClusterWrapper } from '../domain/index.ts';
import { findNodeRole } from './node-order.ts';

/**
 * The cluster that a job wants, from the one that is stored and the one that the provider has made
 * of it: what a provider decides is taken from `parsed`, what has happened so far is kept.
 */
export function mergeWanted(stored: ClusterWrapper, parsed: ClusterWrapper): ClusterWrapper {
  const { cluster } = stored;
  const byId = new Map(stored.nodes.map((node) => [node.nodeId, node]));
  return {
    cluster: {
      ...parsed.cluster,
      clusterId: cluster.clusterId,
      name: cluster.name,
      runtimeId: cluster.runtimeId,
      appName: cluster.appName,
      subnetId: cluster.subnetId,
      vpcId: cluster.vpcId,
      reservedIps: cluster.reservedIps,
      purpose: cluster.purpose,
      status: cluster.status,
      transitionStatus: cluster.transitionStatus,
      wasActive: cluster.wasActive,
      createdAt: cluster.createdAt,
    },
    roles: parsed.roles,
    nodes: parsed.nodes.map((node) => keepFacts(node, byId.get(node.nodeId))),
    links: parsed.links,
  };
}

/** Everything a provider or a node has told is kept; the sizes of volumes change when they have been resized. */
function keepFacts(node: ClusterNode, stored: ClusterNode | undefined): ClusterNode {
  if (stored === undefined) return node;
  const volumes = node.volumes.map(
    (volume) => stored.volumes.find(({ index }) => index === volume.index) ?? volume,
  );
  return { ...stored, role: node.role, groupId: node.groupId, isReplica: node.isReplica, volumes };
}

/** What of a stored cluster a job takes away; it is stored until the job has succeeded. */
export interface Leaving {
  readonly nodeIds: readonly string[];
  /** Roles that are only there to describe nodes that leave. */
  readonly roles: readonly string[];
}

/**
 * What is stored while a job makes one cluster of another: the wanted one, and beside it the nodes
 * that leave with what describes them, because tasks still work on them.
 */
export function joinLeaving(
  before: ClusterWrapper,
  wanted: ClusterWrapper,
): { readonly joined: ClusterWrapper; readonly leaving: Leaving } {
  const staying = new Set(wanted.nodes.map((node) => node.nodeId));
  const nodes = before.nodes.filter((node) => !staying.has(node.nodeId));
  const known = new Set(wanted.roles.map((role) => role.role));
  const roles = before.roles.filter(
    (role) => !known.has(role.role) && nodes.some((node) => findNodeRole(before.roles, node) === role),
  );
  return {
    joined: { ...wanted, roles: [...wanted.roles, ...roles], nodes: [...wanted.nodes, ...nodes] },
    leaving: { nodeIds: nodes.map((node) => node.nodeId), roles: roles.map((role) => role.role) },
  };
}

/** The wanted cluster of a job, out of what is stored while it runs. */
export function withoutLeaving(stored: ClusterWrapper, leaving: Leaving): ClusterWrapper {
  return {
    ...stored,
    roles: stored.roles.filter((role) => !leaving.roles.includes(role.role)),
    nodes: stored.nodes.filter((node) => !leaving.nodeIds.includes(node.nodeId)),
  };
}
