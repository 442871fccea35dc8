import {
  MAX_NODES,
  WindlassError,
  type ClusterNode,
  type ClusterWrapper,
  type JobAction,
  type JobOptions,
  type RoleAdjustment,
  type RoleSpec,
} from '../domain/index.ts';
import { findNodeRole } from '../plan/index.ts';

/**
 * The adjustments of a cluster after an action: those of earlier jobs, and those of this one. Pure; an
 * action that changes no count and no size leaves them unchanged.
 *
 * @throws invalid-input `ROLE_COUNT`, `ROLE_NODES`.
 */
export function adjustRoles(
  before: ClusterWrapper,
  { action, options }: { readonly action: JobAction; readonly options: JobOptions },
): readonly RoleAdjustment[] {
  const adjustments = new Map(
    before.cluster.adjustments.map((adjustment) => [adjustment.role, forgetGone(adjustment, before)]),
  );
  const set = (role: string, change: Omit<RoleAdjustment, 'role'>): void => {
    adjustments.set(role, { ...adjustments.get(role), ...change, role });
  };
  const countOf = (role: string): number => adjustments.get(role)?.count ?? mainNodes(before, role).length;
  if (action === 'resize') {
    for (const { role, ...size } of options.sizes ?? [])
      set(role, { size: { ...adjustments.get(role)?.size, ...size } });
  }
  if (action === 'add-nodes') {
    const role = options.role ?? '';
    set(role, { count: checkCount(role, countOf(role) + (options.count ?? 0)) });
  }
  if (action === 'delete-nodes') {
    for (const [role, nodes] of leavingByRole(before, options)) {
      const earlier = adjustments.get(role)?.leavingServerIds ?? [];
      const chosen = nodes.map((node) => node.serverId).filter((id) => !earlier.includes(id));
      set(role, {
        count: checkCount(role, countOf(role) - chosen.length),
        leavingServerIds: [...earlier, ...chosen].sort((a, b) => a - b),
      });
    }
  }
  return [...adjustments.values()];
}

/** Roles with the counts and sizes that the user has set, which override the conf. Pure. */
export function applyAdjustments<Role extends RoleSpec>(
  roles: readonly Role[],
  adjustments: readonly RoleAdjustment[],
): readonly Role[] {
  return roles.map((role) => {
    const adjustment = adjustments.find((candidate) => candidate.role === role.role);
    if (adjustment === undefined) return role;
    const { count = role.count, size = {} } = adjustment;
    const { cpu = role.cpu, memoryMiB = role.memoryMiB, instanceClass = role.instanceClass } = size;
    const volumes = role.volumes.map((volume) => ({
      ...volume,
      sizeGiB: size.volumeSizeGiB ?? volume.sizeGiB,
    }));
    return { ...role, count, cpu, memoryMiB, instanceClass, volumes };
  });
}

/** Whether a replica is named or not, the node that it copies is removed, with all its replicas. */
function leavingByRole(
  before: ClusterWrapper,
  { role = '', count = 0, nodeIds }: JobOptions,
): ReadonlyMap<string, readonly ClusterNode[]> {
  if (nodeIds === undefined || nodeIds.length === 0) {
    const nodes = mainNodes(before, role);
    return new Map([[role, nodes.slice(Math.max(0, nodes.length - count))]]);
  }
  const leaving = new Map<string, ClusterNode[]>();
  for (const node of before.nodes.filter(({ nodeId }) => nodeIds.includes(nodeId))) {
    if (node.isReplica) throw replicaAlone(node);
    leaving.set(node.role, [...(leaving.get(node.role) ?? []), node]);
  }
  return leaving;
}

/** Nodes that are not replicas and are not being removed already, by server id. */
function mainNodes({ cluster, nodes, roles }: ClusterWrapper, role: string): readonly ClusterNode[] {
  const leaving = cluster.adjustments.find((adjustment) => adjustment.role === role)?.leavingServerIds;
  return nodes
    .filter((node) => !node.isReplica && findNodeRole(roles, node)?.role === role)
    .filter((node) => leaving?.includes(node.serverId) !== true)
    .sort((a, b) => a.serverId - b.serverId);
}

/** Removed nodes need not be remembered; their rows are gone. */
function forgetGone(adjustment: RoleAdjustment, { nodes }: ClusterWrapper): RoleAdjustment {
  const { leavingServerIds, ...rest } = adjustment;
  const still = (leavingServerIds ?? []).filter((serverId) =>
    nodes.some((node) => node.role === adjustment.role && node.serverId === serverId),
  );
  return still.length === 0 ? rest : { ...rest, leavingServerIds: still };
}

function checkCount(role: string, count: number): number {
  if (Number.isInteger(count) && count >= 1 && count <= MAX_NODES) return count;
  throw new WindlassError('invalid-input', `role ${role} cannot have ${count} nodes`, {
    code: 'ROLE_COUNT',
    field: 'count',
    hint:
      count < 1
        ? 'at least one must stay; `windlass cluster stop` stops all of them'
        : `at most ${MAX_NODES}`,
  });
}

function replicaAlone({ nodeId }: ClusterNode): WindlassError {
  return new WindlassError(
    'invalid-input',
    `${nodeId} is a replica: it is removed with the node that it copies`,
    {
      code: 'ROLE_NODES',
      field: 'nodeIds',
      hint: 'name the node that it copies; `windlass cluster describe` shows both with one groupId',
    },
  );
}
