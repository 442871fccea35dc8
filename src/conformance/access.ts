import { generateKeyPair } from '../nodes/index.ts';
import type { NodeAccess } from '../provider/index.ts';

/** Key pairs of a node, made as the engine makes them: before the node is. */
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
