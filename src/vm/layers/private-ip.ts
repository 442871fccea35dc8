import type { PlannedNode } from './plan-scope.ts';

/**
 * The address that the conf requests for this node: the element of the role's `private_ips` at the
 * position of its server id. Undefined if it requests none; replicas have none of their own.
 */
export function findPrivateIp({ node, role }: PlannedNode): string | undefined {
  const addresses = role.extra['private_ips'];
  if (!Array.isArray(addresses) || node.isReplica) return undefined;
  const address: unknown = addresses[node.serverId - 1];
  return typeof address === 'string' && address !== '' ? address : undefined;
}
