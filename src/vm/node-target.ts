import { WindlassError, type ClusterNode } from '../domain/index.ts';
import type { NodeTarget } from '../nodes/index.ts';
import type { JumpHost, NodeAccess } from '../provider/index.ts';

/**
 * How a node is reached. The host key is the one that was generated for the node before it existed, never
 * one that was received over the network.
 *
 * @throws conflict `NODE_WITHOUT_ADDRESS` for a node whose instance never ran.
 */
export function toNodeTarget(
  node: Pick<ClusterNode, 'nodeId' | 'privateIp' | 'ssh'>,
  access: Pick<NodeAccess, 'clientPrivateKey' | 'hostPublicKey' | 'jumpHost'>,
): NodeTarget {
  const host = node.ssh.host ?? node.privateIp;
  if (host === '') {
    throw new WindlassError('conflict', `node ${node.nodeId} has no address: its instance never ran`, {
      code: 'NODE_WITHOUT_ADDRESS',
      hint: 'delete the cluster, or see the failed RunInstances task of the job before',
    });
  }
  return {
    host,
    port: node.ssh.port,
    user: node.ssh.user,
    hostKey: node.ssh.hostKey || access.hostPublicKey,
    privateKey: access.clientPrivateKey,
    root: node.ssh.root,
    ...(access.jumpHost === undefined ? {} : { via: toJumpTarget(access.jumpHost) }),
  };
}

/** Where a frontgate's own sshd is reached. */
export function toJumpTarget(jumpHost: JumpHost): NodeTarget {
  return {
    host: jumpHost.host,
    port: jumpHost.port,
    user: jumpHost.user,
    hostKey: jumpHost.hostPublicKey,
    privateKey: jumpHost.clientPrivateKey,
    root: '',
  };
}
