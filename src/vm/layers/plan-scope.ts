import {
  WindlassError,
  type ClusterNode,
  type ClusterRole,
  type ClusterWrapper,
} from '../../domain/index.ts';
import { findNodeRole, listOwed, sortNodes, type OwedTask } from '../../plan/index.ts';
import type { Capabilities, PlanRequest } from '../../provider/index.ts';

/** A node with the role that describes it. */
export interface PlannedNode {
  readonly node: ClusterNode;
  readonly role: ClusterRole;
}

/** The input for the layers of an action. Nodes are in the order of role and server id. */
export interface PlanScope {
  /** The job, the desired cluster, its runtime. */
  readonly request: PlanRequest;
  /** The provider's features in this runtime. */
  readonly features: Capabilities;
  /** Every node: those that stay, join and leave. */
  readonly all: readonly PlannedNode[];
  /** Nodes that exist before and after the job; all of them, if the job does not change the desired state. */
  readonly staying: readonly PlannedNode[];
  /** Nodes that the job adds. */
  readonly joining: readonly PlannedNode[];
  /** Nodes that the job removes, with the roles that they had. */
  readonly leaving: readonly PlannedNode[];
  /** The cluster as it was, if the job changes the desired state. */
  readonly before: ClusterWrapper | null;
  /** What earlier jobs have left undone. */
  readonly owed: readonly OwedTask[];
}

/** @throws internal `ROLE_MISSING` when a stored node has no role. */
export function createPlanScope(request: PlanRequest, features: Capabilities): PlanScope {
  const { cluster, before } = request;
  const wanted = findRoles(cluster);
  const known = before === undefined ? null : new Set(before.nodes.map(({ nodeId }) => nodeId));
  const kept = new Set(cluster.nodes.map(({ nodeId }) => nodeId));
  const leaving =
    before === undefined
      ? []
      : findRoles(before).filter(({ node }) => !kept.has(node.nodeId) && node.status !== 'deleted');
  return {
    request,
    features,
    all: sortPlanned([...wanted, ...leaving]),
    staying: wanted.filter(({ node }) => known?.has(node.nodeId) !== false),
    joining: wanted.filter(({ node }) => known?.has(node.nodeId) === false),
    leaving,
    before: before ?? null,
    owed: listOwed(request.past ?? []),
  };
}

/**
 * Whether the cluster may hold data that a delete has to ask for: it is complete, or was complete once and
 * runs.
 */
export function holdsData({ request }: PlanScope): boolean {
  const { status, wasActive } = request.cluster.cluster;
  return status === 'active' || (status === 'failed' && wasActive);
}

/**
 * Nodes on which commands can run now. In an active cluster all that have an instance; in one that a job
 * left unfinished only those that are known to run, because a plan that waits for dead nodes would never
 * continue.
 */
export function nodesInReach({ request, all }: PlanScope): readonly PlannedNode[] {
  const { status } = request.cluster.cluster;
  if (status === 'active') {
    return all.filter(({ node }) => !['pending', 'lost', 'deleted'].includes(node.status));
  }
  if (status === 'failed') return all.filter(({ node }) => node.status === 'active');
  return [];
}

function findRoles({ roles, nodes }: ClusterWrapper): readonly PlannedNode[] {
  return sortNodes(nodes).map((node) => {
    const role = findNodeRole(roles, node);
    if (role !== undefined) return { node, role };
    throw new WindlassError(
      'internal',
      `node ${node.nodeId} has the role ${JSON.stringify(node.role)}, which the cluster lacks`,
      { code: 'ROLE_MISSING' },
    );
  });
}

function sortPlanned(planned: readonly PlannedNode[]): readonly PlannedNode[] {
  const byId = new Map(planned.map((one) => [one.node.nodeId, one]));
  return sortNodes(planned.map(({ node }) => node)).flatMap(({ nodeId }) => byId.get(nodeId) ?? []);
}
