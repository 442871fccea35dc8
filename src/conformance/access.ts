import { generateKeyPair } from '../nodes/index.ts';
import type { NodeAccess } from '../provider/index.ts';

/** Key pairs of a node, generated as the engine does it: before the node is created. */
export function createNodeAccess(nodeId: string): NodeAccess {
  const client = generateKeyPair('cluster');
  const host = generateKeyPair(nodeId);
  return {
    authorizedKey: client.publicKey,
    clientPrivateKey: client.privateKey,
    hostPrivateKey: host.privateKey,
    hostPublicKey: host.publicKey,
  };
}
