import type { Client, ClientChannel } from 'ssh2';
import { WindlassError } from '../domain/index.ts';
import type { ConnectionPool } from './connection-pool.ts';
import { cancelledError, commandError, connectionLostError, nameNode } from './node-errors.ts';
import type { NodeTarget } from './node-shell.ts';

/** More than this from one short command is a mistake, not an answer. */
const MAX_OUTPUT_BYTES = 16 * 1_024 * 1_024;
/** Enough of what a failed command said to explain it. */
const MAX_STDERR_BYTES = 64 * 1_024;

export interface Execution {
  /** As sshd's exec request takes it: run by the user's login shell. */
  readonly command: string;
  readonly input?: string | Uint8Array;
}

/**
 * Runs a command to its end and returns its standard output. When a kept connection turns out to
 * be dead before the command was sent, it is sent once more over a new one.
 *
 * @throws internal `NODE_COMMAND` for a non-zero exit or a signal, `NODE_OUTPUT_TOO_LARGE`;
 *   unavailable `NODE_CONNECTION_LOST` (the command may have run), `NODE_DISK_FULL`; cancelled.
 */
export async function execute(
  pool: ConnectionPool,
  target: NodeTarget,
  execution: Execution,
  signal: AbortSignal,
): Promise<Buffer> {
  for (;;) {
    const output = await pool.withChannel(target, signal, async ({ client, fresh }) => {
      let channel: ClientChannel;
      try {
        channel = await openChannel(client, execution.command, signal);
      } catch (error) {
        if (WindlassError.isInstance(error)) throw error;
        if (fresh || refusesChannel(error)) throw connectionLostError(target, error);
        client.destroy();
        return null;
      }
      return await finish(target, channel, execution.input, signal);
    });
    if (output !== null) return output;
  }
}

function openChannel(client: Client, command: string, signal: AbortSignal): Promise<ClientChannel> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      reject(cancelledError());
    };
    signal.addEventListener('abort', abort, { once: true });
    client.exec(command, (error, channel) => {
      signal.removeEventListener('abort', abort);
      if (error !== undefined) reject(error);
      else if (signal.aborted) channel.close();
      else resolve(channel);
    });
  });
}

/** sshd lives and says no, e.g. for too many sessions: the connection is good for its other users. */
function refusesChannel(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'reason' in error;
}

function finish(
  target: NodeTarget,
  channel: ClientChannel,
  input: string | Uint8Array | undefined,
  signal: AbortSignal,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const stdout: Buffer[] = [];
    let stdoutBytes = 0;
    let stderr = '';
    let exit: { readonly code: number | null; readonly signal: string | undefined } | null = null;

    const settle = (outcome: Buffer | WindlassError): void => {
      signal.removeEventListener('abort', abort);
      if (Buffer.isBuffer(outcome)) {
        resolve(outcome);
        return;
      }
      reject(outcome);
      channel.close();
    };
    const abort = (): void => {
      settle(cancelledError());
    };
    if (signal.aborted) {
      abort();
      return;
    }
    signal.addEventListener('abort', abort, { once: true });

    channel.on('data', (chunk: Buffer) => {
      stdoutBytes += chunk.length;
      if (stdoutBytes <= MAX_OUTPUT_BYTES) stdout.push(chunk);
      else settle(tooLargeError(target));
    });
    channel.stderr.on('data', (chunk: Buffer) => {
      stderr = (stderr + chunk.toString()).slice(-MAX_STDERR_BYTES);
    });
    channel.on('exit', (code: number | null, signalName?: string) => {
      exit = { code, signal: signalName };
    });
    channel.on('error', (error: Error) => {
      settle(connectionLostError(target, error));
    });
    channel.on('close', () => {
      if (exit === null) settle(connectionLostError(target));
      else if (exit.code === 0) settle(Buffer.concat(stdout));
      else if (exit.code === null)
        settle(commandError(target, `was ended by ${exit.signal ?? 'a signal'}`, stderr));
      else settle(commandError(target, `ended with exit code ${exit.code}`, stderr));
    });
    channel.end(input === undefined ? undefined : Buffer.from(input));
  });
}

function tooLargeError(target: NodeTarget): WindlassError {
  return new WindlassError(
    'internal',
    `a command on ${nameNode(target)} wrote more than ${MAX_OUTPUT_BYTES / 1_024 / 1_024} MiB`,
    {
      code: 'NODE_OUTPUT_TOO_LARGE',
      hint: 'start it as a command of its own, whose output is capped on the node',
    },
  );
}
