import { setTimeout as sleep } from 'node:timers/promises';
import type { Client, ClientChannel } from 'ssh2';
import { WindlassError } from '../domain/index.ts';
import type { ConnectionPool } from './connection-pool.ts';
import { cancelledError, commandError, connectionLostError, nameNode } from './node-errors.ts';
import type { NodeTarget } from './node-shell.ts';

/** More output than this from one short command is a mistake. */
const MAX_OUTPUT_BYTES = 16 * 1_024 * 1_024;
/** The part of a failed command's output that is enough to explain it. */
const MAX_STDERR_BYTES = 64 * 1_024;
/** sshd counts a session until it has reaped its process, a little longer than we do. */
const MAX_REFUSALS = 100;
const REFUSAL_PAUSE_MS = 50;

export interface Execution {
  /** In the form of sshd's exec request: run by the user's login shell. */
  readonly command: string;
  readonly input?: string | Uint8Array;
}

/**
 * Runs a command to its end and returns its standard output. If a kept connection turns out to be dead
 * before the command was sent, it is sent once more over a new one.
 *
 * @throws internal `NODE_COMMAND` for a non-zero exit or a signal, `NODE_OUTPUT_TOO_LARGE`; unavailable
 * `NODE_CONNECTION_LOST` (the command may have run), `NODE_DISK_FULL`; cancelled.
 */
export async function execute(
  pool: ConnectionPool,
  target: NodeTarget,
  execution: Execution,
  signal: AbortSignal,
): Promise<Buffer> {
  let refusals = 0;
  for (;;) {
    const answer = await pool.withChannel(target, signal, async ({ client, fresh }) => {
      const outcome = await executeOnce(client, target, execution, signal);
      if (outcome.state !== 'not-sent') return outcome;
      if (outcome.refused && refusals < MAX_REFUSALS) {
        refusals += 1;
        await pause(REFUSAL_PAUSE_MS, signal); // our channel stays taken, so that others wait too
        return outcome;
      }
      if (fresh || outcome.refused) throw connectionLostError(target, outcome.cause);
      client.destroy();
      return outcome;
    });
    if (answer.state === 'done') return answer.output;
  }
}

/**
 * `not-sent`: the node has not received the command. `refused`: sshd is alive and refused another session.
 */
type Outcome =
  | { readonly state: 'done'; readonly output: Buffer }
  | { readonly state: 'not-sent'; readonly refused: boolean; readonly cause: Error };

function executeOnce(
  client: Client,
  target: NodeTarget,
  { command, input }: Execution,
  signal: AbortSignal,
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      reject(cancelledError());
    };
    const answer = (error: Error | undefined, channel: ClientChannel): void => {
      signal.removeEventListener('abort', abort);
      if (error !== undefined) {
        resolve({ state: 'not-sent', refused: 'reason' in error, cause: error });
      } else if (signal.aborted) {
        channel.close();
      } else {
        // Attached at once, in the same turn of the event loop: a quick command's exit code may be in the
        // same packet.
        collect(target, channel, input, signal).then((output) => {
          resolve({ state: 'done', output });
        }, reject);
      }
    };
    signal.addEventListener('abort', abort, { once: true });
    try {
      client.exec(command, answer);
    } catch (error) {
      signal.removeEventListener('abort', abort);
      const cause = error instanceof Error ? error : new Error(String(error));
      resolve({ state: 'not-sent', refused: false, cause });
    }
  });
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal });
  } catch {
    throw cancelledError();
  }
}

/** The output of a running command, once it has ended with exit code 0. */
function collect(
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
      hint: 'start it as a detached command, whose output is limited on the node',
    },
  );
}
