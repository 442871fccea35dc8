import {
  WindlassError,
  type Cluster,
  type ClusterNode,
  type ClusterRole,
  type JobOptions,
} from '../../domain/index.ts';
import { findNodeRole, listOwed, sortNodes, type OwedTask } from '../../plan/index.ts';
import type { Capabilities, PlanRequest } from '../../provider/index.ts';

/** A node with the role that describes it. */
export interface PlannedNode {
  readonly node: ClusterNode;
  readonly role: ClusterRole;
}

/** What the layers of an action are made from. */
export interface PlanScope {
  readonly cluster: Cluster;
  /** Every node, by role and server id. */
  readonly nodes: readonly PlannedNode[];
  readonly options: JobOptions;
  readonly capabilities: Capabilities;
  /** What earlier jobs have left undone. */
  readonly owed: readonly OwedTask[];
}

/** @throws internal `ROLE_MISSING` when a stored node has no role. */
export function createPlanScope(request: PlanRequest, capabilities: Capabilities): PlanScope {
  const { cluster, roles, nodes } = request.cluster;
  return {
    cluster,
    nodes: sortNodes(nodes).map((node) => {
      const role = findNodeRole(roles, node);
      if (role !== undefined) return { node, role };
      throw new WindlassError(
        'internal',
        `node ${node.nodeId} has the role ${JSON.stringify(node.role)}, which the cluster lacks`,
        {
          code: 'ROLE_MISSING',
        },
      );
    }),
    options: request.job.options,
    capabilities,
    owed: listOwed(request.past ?? []),
  };
}

/** Whether the cluster may hold data that a delete has to ask for: it is whole, or was whole once and runs. */
export function holdsData({ cluster }: PlanScope): boolean {
  return cluster.status === 'active' || (cluster.status === 'failed' && cluster.wasActive);
}

/**
 * Nodes on which commands can be run now. In an active cluster all that have an instance; in one
 * that a job left half-way only those that are known to run, because a plan that waits for dead
 * nodes would never get to what it is for.
 */
export function nodesInReach(scope: PlanScope): readonly PlannedNode[] {
  const { status } = scope.cluster;
  if (status === 'active') {
    return scope.nodes.filter(({ node }) => !['pending', 'lost', 'deleted'].includes(node.status));
  }
  if (status === 'failed') return scope.nodes.filter(({ node }) => node.status === 'active');
  return [];
}
