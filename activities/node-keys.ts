import { generateKeyPair } from '../src/nodes/index.ts';
import type { NodeAccess } from '../src/provider/index.ts';
import type { ActivityDependencies } from './dependencies.ts';

interface KeyPair {
  readonly privateKey: string;
  readonly publicKey: string;
}

/**
 * Keys by which nodes are reached: one pair per cluster to connect with, one host key per node,
 * both made before the node is. They are made when first asked for; of two workers that ask at
 * once, the first to store wins and both use that one.
 */
export function createNodeKeys(dependencies: Pick<ActivityDependencies, 'stores' | 'keyring'>): {
  load(clusterId: string, nodeId: string): Promise<NodeAccess>;
} {
  const { stores, keyring } = dependencies;
  // A cluster's own pair is asked for by every task of every node; it never changes.
  const clientPairs = new Map<string, KeyPair>();

  async function loadPair(clusterId: string, name: string): Promise<KeyPair> {
    try {
      return JSON.parse(keyring.decrypt(await stores.secrets.get(clusterId, name))) as KeyPair;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'SECRET_NOT_FOUND')) throw error;
    }
    const made = generateKeyPair(`windlass ${clusterId}`);
    await stores.secrets.putIfAbsent(clusterId, name, keyring.encrypt(JSON.stringify(made)));
    return JSON.parse(keyring.decrypt(await stores.secrets.get(clusterId, name))) as KeyPair;
  }

  async function loadClientPair(clusterId: string): Promise<KeyPair> {
    const known = clientPairs.get(clusterId);
    if (known !== undefined) return known;
    const pair = await loadPair(clusterId, 'access/client');
    if (clientPairs.size >= 1000) clientPairs.clear();
    clientPairs.set(clusterId, pair);
    return pair;
  }

  return {
    async load(clusterId, nodeId) {
      const client = await loadClientPair(clusterId);
      const host = await loadPair(clusterId, `access/host/${nodeId}`);
      return {
        authorizedKey: client.publicKey,
        clientPrivateKey: client.privateKey,
        hostPrivateKey: host.privateKey,
        hostPublicKey: host.publicKey,
      };
    },
  };
}
