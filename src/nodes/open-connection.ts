import type { Duplex } from 'node:stream';
import ssh2, { type Client } from 'ssh2';
import type { WindlassError } from '../domain/index.ts';
import { authenticationError, hostKeyError, unreachableError, unusableKeyError } from './node-errors.ts';
import type { NodeTarget } from './node-shell.ts';

/** The longest time from the first packet to an authenticated connection, in milliseconds. */
const READY_TIMEOUT_MS = 15_000;
/** A peer that misses this many keepalives is gone: a broken connection is noticed after 15 s. */
const KEEPALIVE = { keepaliveInterval: 5_000, keepaliveCountMax: 3 } as const;

/**
 * One authenticated connection. The host key is compared before anything of ours is sent, and sshd is
 * asked for a key of the same type, so that a node with several keys shows the right one. Goes through
 * `tunnel` if the node is behind a jump host.
 *
 * @throws permission `NODE_HOST_KEY`, `NODE_AUTH`; unavailable `NODE_UNREACHABLE`; invalid-input
 * `NODE_KEY`.
 */
export function openConnection(target: NodeTarget, tunnel?: Duplex): Promise<Client> {
  return new Promise((resolve, reject) => {
    const hostKey = ssh2.utils.parseKey(target.hostKey);
    if (hostKey instanceof Error) throw unusableKeyError('host key');
    if (ssh2.utils.parseKey(target.privateKey) instanceof Error) throw unusableKeyError('private key');
    const expected = hostKey.getPublicSSH();
    const client = new ssh2.Client();
    let hostKeyIsWrong = false;
    client.once('ready', () => {
      // A command is a few small packets: without this, each would wait for the answer to the one before.
      client.setNoDelay(true);
      resolve(client);
    });
    // Stays attached for the life of the connection: an 'error' event without a listener ends the process.
    client.on('error', (error: Error & { level?: string }) => {
      client.destroy();
      reject(hostKeyIsWrong ? hostKeyError(target) : toNodeError(target, error));
    });
    client.once('close', () => {
      reject(unreachableError(target, 'it closed the connection'));
    });
    client.connect({
      ...(tunnel === undefined ? { host: target.host, port: target.port } : { sock: tunnel }),
      username: target.user,
      privateKey: target.privateKey,
      authHandler: ['publickey'],
      readyTimeout: READY_TIMEOUT_MS,
      ...KEEPALIVE,
      algorithms: { serverHostKey: signatureAlgorithms(hostKey.type) },
      hostVerifier: (offered: Buffer) => {
        hostKeyIsWrong = !expected.equals(offered);
        return !hostKeyIsWrong;
      },
    });
  });
}

type SignatureAlgorithms = NonNullable<
  NonNullable<Parameters<Client['connect']>[0]['algorithms']>['serverHostKey']
>;

function signatureAlgorithms(keyType: string): SignatureAlgorithms {
  switch (keyType) {
    case 'ssh-ed25519':
    case 'ecdsa-sha2-nistp256':
    case 'ecdsa-sha2-nistp384':
    case 'ecdsa-sha2-nistp521':
      return [keyType];
    case 'ssh-rsa':
      return ['rsa-sha2-512', 'rsa-sha2-256'];
    default:
      throw unusableKeyError('host key');
  }
}

function toNodeError(target: NodeTarget, error: Error & { level?: string }): WindlassError {
  if (error.level === 'client-authentication') return authenticationError(target);
  // The node has no host key of the expected type: so it does not have the expected key.
  if (/no matching host key/i.test(error.message)) return hostKeyError(target);
  return unreachableError(target, error);
}
