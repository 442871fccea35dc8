import { WindlassError } from '../domain/index.ts';
import { maskForeignText } from '../masking/index.ts';
import { needsSudo } from './elevate.ts';
import type { NodeTarget } from './node-shell.ts';

/** The name of a node in messages, with the jump host, because that may be the broken part. */
export function nameNode(target: Pick<NodeTarget, 'host' | 'port' | 'via'>): string {
  const name = `${target.host} port ${target.port}`;
  return target.via === undefined ? name : `${name} (behind the frontgate at ${nameNode(target.via)})`;
}

/** The caller aborted. It is not known what the node has done so far. */
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

/**
 * The jump host on the way to a node cannot be used. The error keeps its kind: a host key that is not the
 * frontgate's is `permission` here too.
 */
export function jumpHostError(
  target: NodeTarget & { readonly via: NodeTarget },
  cause: unknown,
): WindlassError {
  const known = WindlassError.isInstance(cause) ? cause : null;
  const { kind, code } =
    known === null || known.kind === 'unavailable'
      ? { kind: 'unavailable' as const, code: 'JUMP_HOST_UNREACHABLE' }
      : known;
  return new WindlassError(
    kind,
    `the frontgate at ${nameNode(target.via)} does not lead to ${target.host} port ${target.port}: ${messageOf(cause)}`,
    {
      code,
      hint:
        kind === 'unavailable'
          ? 'check that the frontgate runs and that its sshd is open to the worker; the job then continues by itself'
          : (known?.hint ?? 'check the frontgate in the cloud’s console'),
      cause,
    },
  );
}

/** The connection broke during a call. What was sent may or may not have been done. */
export function connectionLostError(target: NodeTarget, cause?: unknown): WindlassError {
  const why = cause === undefined ? '' : `: ${messageOf(cause)}`;
  return new WindlassError('unavailable', `the connection to ${nameNode(target)} was lost${why}`, {
    code: 'NODE_CONNECTION_LOST',
    hint: 'the next call opens it again',
    cause,
  });
}

/** The node has another host key than the one that we gave it. */
export function hostKeyError(target: NodeTarget): WindlassError {
  return new WindlassError(
    'permission',
    `the machine that answers at ${nameNode(target)} does not hold the host key of this node`,
    {
      code: 'NODE_HOST_KEY',
      hint: 'another machine has the address, or the node was replaced outside of windlass; no command was sent to it',
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

/** The user who logs in may not act as root. */
function sudoError(target: NodeTarget, said: string): WindlassError {
  return new WindlassError(
    'permission',
    `user ${target.user} may not act as root on ${nameNode(target)}: ${said}`,
    {
      code: 'NODE_SUDO',
      hint: 'let the user run everything through sudo without a password, or log in as root',
    },
  );
}

/** The target itself cannot be used: a key that does not parse. Never quotes the key. */
export function unusableKeyError(which: 'host key' | 'private key'): WindlassError {
  return new WindlassError('invalid-input', `the ${which} of the node is not an OpenSSH key`, {
    code: 'NODE_KEY',
  });
}

/** A command that must succeed ended differently. `stderr` is shortened to its end. */
export function commandError(target: NodeTarget, end: string, stderr: string): WindlassError {
  const said = lastWords(maskForeignText(stderr.trim()));
  // In the program's own words, or those of a shell that finds no sudo.
  if (needsSudo(target) && /^(?:[^\n]*: )?sudo: /.test(said)) return sudoError(target, said);
  if (/no space left on device|disk quota exceeded/i.test(said)) {
    return new WindlassError('unavailable', `the disk of ${nameNode(target)} is full: ${said}`, {
      code: 'NODE_DISK_FULL',
      hint: 'free some space on the node; windlass continues by itself',
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

/** The end of the text, beginning with a whole word: half a secret would not be recognised. */
function lastWords(text: string): string {
  return text.length <= MAX_SAID ? text : `…${text.slice(-MAX_SAID).replace(/^\S*/, '')}`;
}

const MAX_SAID = 1_000;

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
