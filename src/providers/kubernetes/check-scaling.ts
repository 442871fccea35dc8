import { WindlassError, type ClusterNode } from '../../domain/index.ts';
import type { ClusterChange } from '../../provider/index.ts';
import type { Workload } from './api/kube-types.ts';

/**
 * Whether Kubernetes can add or remove the nodes that a job names: a DaemonSet has no count, and of other
 * workloads only the last pods can be removed.
 *
 * @throws invalid-input `ROLE_NODES`, `ROLE_NOT_SCALABLE`.
 */
export function checkScaling(
  workloads: readonly Workload[],
  names: ReadonlyMap<Workload, string>,
  change: ClusterChange | undefined,
): void {
  if (change?.action !== 'add-nodes' && change?.action !== 'delete-nodes') return;
  const { role: scaled, nodeIds = [] } = change.options;
  for (const workload of workloads) {
    const role = names.get(workload) ?? '';
    const nodes = change.cluster.nodes.filter((node) => node.role === role);
    const leaving = nodes.filter((node) => nodeIds.includes(node.nodeId));
    if (scaled !== role && leaving.length === 0) continue;
    if (workload.kind === 'DaemonSet') throw notScalable(role);
    checkLast(nodes, leaving, role);
  }
}

/** Kubernetes itself chooses which pods of a role are removed: the last ones. */
function checkLast(nodes: readonly ClusterNode[], leaving: readonly ClusterNode[], role: string): void {
  const last = [...nodes].sort((left, right) => right.serverId - left.serverId).slice(0, leaving.length);
  if (leaving.every((node) => last.includes(node))) return;
  throw new WindlassError('invalid-input', `only the last nodes of role ${role} can be removed`, {
    code: 'ROLE_NODES',
    field: 'nodeIds',
    hint: `Kubernetes removes the last ones: ${last.map((node) => node.nodeId).join(', ')}; or say how many fewer`,
  });
}

function notScalable(role: string): WindlassError {
  return new WindlassError(
    'invalid-input',
    `role ${role} is a DaemonSet: it has one pod on every node of Kubernetes`,
    {
      code: 'ROLE_NOT_SCALABLE',
      field: 'role',
      hint: 'add or remove nodes of Kubernetes instead',
    },
  );
}
