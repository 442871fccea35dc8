import { createHash } from 'node:crypto';

/**
 * `cln-` and twelve hex digits, from cluster, role and server id alone: the same node always has the same
 * id.
 */
export function nodeIdOf(clusterId: string, role: string, serverId: number): string {
  return `cln-${hashOf(clusterId, role, String(serverId)).toString('hex').slice(0, 12)}`;
}

const FIRST_GLOBAL_ID = 100_000_000;
const GLOBAL_IDS = 900_000_000;

/**
 * Nine digits from the node id; `taken` holds those of the cluster's other nodes, which it avoids and
 * extends. Across clusters it is as unique as nine digits of a hash can be.
 */
export function takeGlobalServerId(nodeId: string, taken: Set<number>): number {
  for (let attempt = 0; ; attempt += 1) {
    const hash = hashOf('global-server-id', nodeId, String(attempt)).readUIntBE(0, 6);
    const candidate = FIRST_GLOBAL_ID + (hash % GLOBAL_IDS);
    if (taken.has(candidate)) continue;
    taken.add(candidate);
    return candidate;
  }
}

// Lengths are included, so that no two lists of parts read alike.
function hashOf(...parts: readonly string[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${part.length}:${part}`);
  return hash.digest();
}
