import type { ClusterNode } from '../../domain/index.ts';

/** What a person calls a node: its role and server id. */
export function labelNode(node: Pick<ClusterNode, 'role' | 'serverId'>): string {
  return `${node.role === '' ? 'node' : node.role} ${node.serverId}`;
}
