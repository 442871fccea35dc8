import {
  MAX_NODES,
  replicaRole,
  WindlassError,
  type ClusterRole,
  type NodeSpec,
  type RoleSpec,
} from '../domain/index.ts';
import { nodeIdOf, takeGlobalServerId } from './node-identity.ts';

/** The input from which a cluster's nodes are chosen. */
export interface NodeChoice {
  readonly clusterId: string;
  /** With the desired counts. */
  readonly roles: readonly (RoleSpec & Partial<Pick<ClusterRole, 'clusterId'>>)[];
  /** The existing nodes. */
  readonly stored: readonly NodeSpec[];
  /** For each role, the server ids of the nodes that are removed. */
  readonly leaving: ReadonlyMap<string, readonly number[]>;
}

/**
 * The desired nodes of a cluster, in the order of its roles: existing nodes stay, up to the desired count,
 * and the last ones are removed; new ones get server ids that no node of the role has had, as long as its
 * upper bound allows it. A replica stays with the node that it copies. Pure.
 *
 * @throws invalid-input `ROLE_COUNT` for more nodes than a cluster, or a role's server ids, can have.
 */
export function chooseNodes({ clusterId, roles, stored, leaving }: NodeChoice): readonly NodeSpec[] {
  const total = roles.reduce((sum, { count, replica }) => sum + count * (1 + replica), 0);
  if (!(total <= MAX_NODES))
    throw tooMany(`a cluster of ${total} nodes is too large: the limit is ${MAX_NODES}`);
  const globalServerIds = new Set(stored.map((node) => node.globalServerId));
  return roles.flatMap((role) => {
    const own = stored
      .filter((node) => node.role === role.role || (node.isReplica && node.role === replicaRole(role.role)))
      .sort((a, b) => a.serverId - b.serverId);
    const gone = leaving.get(role.role) ?? [];
    const takeServerId = createServerIds(role, [...own.map((node) => node.serverId), ...gone]);
    const make = (name: string, groupId: number, isReplica: boolean): NodeSpec => {
      const serverId = takeServerId();
      const nodeId = nodeIdOf(clusterId, name, serverId);
      const globalServerId = takeGlobalServerId(nodeId, globalServerIds);
      return { nodeId, role: name, serverId, groupId, globalServerId, isReplica };
    };
    const mains = own.filter((node) => !node.isReplica && !gone.includes(node.serverId)).slice(0, role.count);
    const groups = new Set(mains.map((node) => node.groupId));
    for (let groupId = 1; mains.length < role.count; groupId += 1) {
      if (!groups.has(groupId)) mains.push(make(role.role, groupId, false));
    }
    const replicas = mains.flatMap(({ groupId }) => {
      const copies = own.filter((node) => node.isReplica && node.groupId === groupId).slice(0, role.replica);
      while (copies.length < role.replica) copies.push(make(replicaRole(role.role), groupId, true));
      return copies;
    });
    return [...mains, ...replicas];
  });
}

/**
 * Assigns server ids one after another: first those above all that were used, then those that are free
 * below.
 */
function createServerIds({ role, serverIdUpperBound }: RoleSpec, used: readonly number[]): () => number {
  const taken = new Set(used);
  let next = Math.max(0, ...used) + 1;
  let free = 1;
  return () => {
    if (serverIdUpperBound === null || next <= serverIdUpperBound) {
      next += 1;
      return next - 1;
    }
    while (taken.has(free)) free += 1;
    if (free > serverIdUpperBound || free >= next) {
      throw tooMany(
        `role ${JSON.stringify(role)} has no server id left: the highest is ${serverIdUpperBound}`,
      );
    }
    taken.add(free);
    return free;
  };
}

function tooMany(message: string): WindlassError {
  return new WindlassError('invalid-input', message, {
    code: 'ROLE_COUNT',
    field: 'count',
    hint: 'ask for fewer nodes, or split the cluster into several',
  });
}
