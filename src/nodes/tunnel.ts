import type { Duplex } from 'node:stream';
import type { Client } from 'ssh2';
import { jumpHostError, unreachableError } from './node-errors.ts';
import type { NodeTarget } from './node-shell.ts';

/** The longest time that a jump host may take to connect to a node, in milliseconds. */
const OPEN_TIMEOUT_MS = 15_000;

/** A target behind a jump host. */
export type TunnelTarget = NodeTarget & { readonly via: NodeTarget };

/**
 * A byte stream from the jump host to the sshd of a node (direct-tcpip). It carries the node's own SSH:
 * the jump host sees neither keys nor commands.
 *
 * @throws unavailable `NODE_UNREACHABLE` when the jump host cannot reach the node in time;
 * `JUMP_HOST_UNREACHABLE` when the jump host itself is gone.
 */
export function openTunnel(jump: Client, target: TunnelTarget): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      reject(unreachableError(target, `no answer within ${OPEN_TIMEOUT_MS / 1_000} s`));
    }, OPEN_TIMEOUT_MS);
    const fail = (error: Error): void => {
      clearTimeout(timer);
      // Only an answer of the jump host has a reason; an error without one means that it did not answer.
      reject('reason' in error ? unreachableError(target, error) : jumpHostError(target, error));
    };
    try {
      jump.forwardOut('127.0.0.1', 0, target.host, target.port, (error, stream) => {
        clearTimeout(timer);
        if (error !== undefined) fail(error);
        else if (timedOut) stream.destroy();
        else resolve(stream);
      });
    } catch (error) {
      fail(error instanceof Error ? error : new Error(String(error)));
    }
  });
}
