import { MAX_NODES, WindlassError, type ClusterNode } from '../../domain/index.ts';
import type { ClusterChange } from '../../provider/index.ts';
import type { Workload } from './api/kube-types.ts';
import { nameOf } from './manifest.ts';
import { readRoleMemory, replicasOf, resizeMemory, type RoleMemory, type WorkloadKind } from './workloads.ts';

/**
 * What a role remembers when the job is done: what it remembered, and what the job sets. Counts
 * and sizes of earlier jobs stay through an update and an upgrade; a rollback takes them along.
 *
 * @throws invalid-input `ROLE_COUNT`, `ROLE_NODES`, `ROLE_NOT_SCALABLE`.
 */
export function changeMemory(
  workload: Workload,
  role: string,
  change: ClusterChange | undefined,
): RoleMemory {
  const plain: RoleMemory = { kind: workload.kind as WorkloadKind, name: nameOf(workload) };
  if (change === undefined) return plain;
  const stored = change.cluster.roles.find((candidate) => candidate.role === role);
  const before = { ...(stored === undefined ? null : readRoleMemory(stored)), ...plain };
  const { action, options } = change;
  if (action === 'resize') {
    const size = options.sizes?.find((candidate) => candidate.role === role);
    return size === undefined ? before : resizeMemory(before, size);
  }
  if ((action === 'add-nodes' || action === 'delete-nodes') && options.role === role) {
    if (plain.kind === 'DaemonSet') throw notScalable(role);
    const nodes = change.cluster.nodes.filter((node) => node.role === role && node.status !== 'deleted');
    const current = before.replicas ?? (nodes.length > 0 ? nodes.length : replicasOf(workload));
    return { ...before, replicas: countAfter(action, current, change, nodes, role) };
  }
  if (action === 'delete-nodes' && options.role === undefined && options.nodeIds !== undefined) {
    const nodes = change.cluster.nodes.filter((node) => node.role === role);
    const leaving = nodes.filter((node) => options.nodeIds?.includes(node.nodeId) === true);
    if (leaving.length === 0) return before;
    if (plain.kind === 'DaemonSet') throw notScalable(role);
    return { ...before, replicas: countAfter(action, nodes.length, change, nodes, role) };
  }
  return before;
}

function countAfter(
  action: 'add-nodes' | 'delete-nodes',
  current: number,
  { options }: ClusterChange,
  nodes: readonly ClusterNode[],
  role: string,
): number {
  const { count = options.nodeIds?.length ?? 1, nodeIds } = options;
  if (action === 'add-nodes') return checkCount(current + count, role);
  const leaving = nodeIds === undefined ? count : checkLast(nodes, nodeIds, role);
  return checkCount(current - leaving, role);
}

/** Kubernetes takes the last ones away; which pods of a role go nobody else can choose. */
function checkLast(nodes: readonly ClusterNode[], nodeIds: readonly string[], role: string): number {
  const sorted = [...nodes].sort((left, right) => right.serverId - left.serverId);
  const leaving = sorted.filter((node) => nodeIds.includes(node.nodeId));
  const last = sorted.slice(0, leaving.length);
  if (leaving.every((node) => last.includes(node))) return leaving.length;
  throw new WindlassError('invalid-input', `of role ${role} only the last nodes can be taken away`, {
    code: 'ROLE_NODES',
    field: 'nodeIds',
    hint: `Kubernetes takes away the last: ${last.map((node) => node.nodeId).join(', ')}; or say how many fewer`,
  });
}

function checkCount(count: number, role: string): number {
  if (Number.isInteger(count) && count >= 1 && count <= MAX_NODES) return count;
  throw new WindlassError('invalid-input', `role ${role} cannot have ${count} nodes`, {
    code: 'ROLE_COUNT',
    field: 'count',
    hint:
      count < 1
        ? 'one must stay; `windlass cluster stop` takes all of them away for a while'
        : `at most ${MAX_NODES}`,
  });
}

function notScalable(role: string): WindlassError {
  return new WindlassError(
    'invalid-input',
    `role ${role} is a DaemonSet: it has a pod on every node of Kubernetes`,
    {
      code: 'ROLE_NOT_SCALABLE',
      field: 'role',
      hint: 'add or remove nodes of Kubernetes instead',
    },
  );
}
