import { WindlassError } from '../domain/index.ts';
import type { NodeTarget } from './node-shell.ts';

/** How a node is named in messages. */
export function nameNode(target: Pick<NodeTarget, 'host' | 'port'>): string {
  return `${target.host} port ${target.port}`;
}

/** The caller aborted. Nothing is known about what the node has done so far. */
export function cancelledError(): WindlassError {
  return new WindlassError('cancelled', 'the call to the node was cancelled', { code: 'CANCELLED' });
}

/** sshd did not answer, or not in time. */
export function unreachableError(target: NodeTarget, cause: unknown): WindlassError {
  return new WindlassError(
    'unavailable',
    `sshd on ${nameNode(target)} does not answer: ${messageOf(cause)}`,
    {
      code: 'NODE_UNREACHABLE',
      hint: 'check that the node runs, that its sshd is up and that its port is open to the worker',
      cause,
    },
  );
}

/** The connection broke in the middle. What was sent may or may not have been done. */
export function connectionLostError(target: NodeTarget, cause?: unknown): WindlassError {
  const why = cause === undefined ? '' : `: ${messageOf(cause)}`;
  return new WindlassError('unavailable', `the connection to ${nameNode(target)} was lost${why}`, {
    code: 'NODE_CONNECTION_LOST',
    hint: 'it is made anew by the next call',
    cause,
  });
}

/** Another host key than the one we handed to the node. */
export function hostKeyError(target: NodeTarget): WindlassError {
  return new WindlassError(
    'permission',
    `the machine that answers at ${nameNode(target)} does not hold the host key of this node`,
    {
      code: 'NODE_HOST_KEY',
      hint: 'another machine has the address, or the node was replaced outside windlass; no command was sent to it',
    },
  );
}

/** sshd refused our key. */
export function authenticationError(target: NodeTarget): WindlassError {
  return new WindlassError(
    'permission',
    `${nameNode(target)} refuses the cluster's key for user ${target.user}`,
    {
      code: 'NODE_AUTH',
      hint: 'the cluster’s public key must be in the authorized_keys of that user on the node',
    },
  );
}

/** The target itself cannot be used: a key that does not parse. Never quotes the key. */
export function unusableKeyError(which: 'host key' | 'private key'): WindlassError {
  return new WindlassError('invalid-input', `the ${which} of the node is not an OpenSSH key`, {
    code: 'NODE_KEY',
  });
}

/** A command that must succeed ended otherwise. `stderr` is cut to its end. */
export function commandError(target: NodeTarget, end: string, stderr: string): WindlassError {
  const said = stderr.trim().slice(-1_000);
  if (/no space left on device|disk quota exceeded/i.test(said)) {
    return new WindlassError('unavailable', `the disk of ${nameNode(target)} is full: ${said}`, {
      code: 'NODE_DISK_FULL',
      hint: 'make room on the node; windlass goes on by itself',
    });
  }
  return new WindlassError(
    'internal',
    `a command on ${nameNode(target)} ${end}${said === '' ? '' : `: ${said}`}`,
    {
      code: 'NODE_COMMAND',
    },
  );
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
