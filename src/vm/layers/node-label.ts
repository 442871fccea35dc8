import type { ClusterNode } from '../../domain/index.ts';

/** The name of a node for users: its role and server id. */
export function labelNode(node: Pick<ClusterNode, 'role' | 'serverId'>): string {
  return `${node.role === '' ? 'node' : node.role} ${node.serverId}`;
}
