import { storedSecretBinding } from '../src/domain/index.ts';
import { generateKeyPair } from '../src/nodes/index.ts';
import type { HostKeyPair, NodeAccess } from '../src/provider/index.ts';
import type { ActivityDependencies } from './dependencies.ts';

/** Some megabytes at most. */
const KEPT_PAIRS = 2_000;

/**
 * Keys by which nodes are reached: one pair for each cluster to connect with, two host keys for each node
 * (the first for user-data, the second for all later connections), all generated before the node is
 * created. They are generated when first needed; if two workers do so at the same time, the first to store
 * wins and both use that one.
 */
export function createNodeKeys(dependencies: Pick<ActivityDependencies, 'stores' | 'keyring'>): {
  load(clusterId: string, nodeId: string): Promise<NodeAccess>;
  /** The host key that replaces the node's first one over its first connection. */
  loadChangedHostKey(clusterId: string, nodeId: string): Promise<HostKeyPair>;
} {
  const { stores, keyring } = dependencies;
  // Every task of a node needs its pair, and every task the cluster's own; they never change.
  const known = new Map<string, Promise<HostKeyPair>>();

  async function openPair(clusterId: string, name: string): Promise<HostKeyPair> {
    const stored = await stores.secrets.get(clusterId, name);
    return JSON.parse(keyring.decrypt(stored, storedSecretBinding(clusterId, name))) as HostKeyPair;
  }

  async function readPair(clusterId: string, name: string): Promise<HostKeyPair> {
    try {
      return await openPair(clusterId, name);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'SECRET_NOT_FOUND')) throw error;
    }
    const made = generateKeyPair(`windlass ${clusterId}`);
    const secret = keyring.encrypt(JSON.stringify(made), storedSecretBinding(clusterId, name));
    await stores.secrets.putIfAbsent(clusterId, name, secret);
    return openPair(clusterId, name);
  }

  function loadPair(clusterId: string, name: string): Promise<HostKeyPair> {
    const key = `${clusterId}/${name}`;
    const pair = known.get(key) ?? readPair(clusterId, name);
    if (known.has(key)) return pair;
    if (known.size >= KEPT_PAIRS) known.clear();
    known.set(key, pair);
    pair.catch(() => known.delete(key));
    return pair;
  }

  return {
    async load(clusterId, nodeId) {
      const [client, host] = await Promise.all([
        loadPair(clusterId, 'access/client'),
        loadPair(clusterId, `access/host/${nodeId}`),
      ]);
      return {
        authorizedKey: client.publicKey,
        clientPrivateKey: client.privateKey,
        hostPrivateKey: host.privateKey,
        hostPublicKey: host.publicKey,
      };
    },
    loadChangedHostKey: (clusterId, nodeId) => loadPair(clusterId, `access/changed-host/${nodeId}`),
  };
}
