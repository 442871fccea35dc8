import { createHash } from 'node:crypto';
import { WindlassError } from '../domain/index.ts';
import type { ConnectionPool } from './connection-pool.ts';
import { asRoot } from './elevate.ts';
import { execute } from './execute.ts';
import { maskSecrets } from './mask-secrets.ts';
import { nameNode } from './node-errors.ts';
import type { CommandSpec, CommandState, NodeTarget } from './node-shell.ts';
import { INSPECT_SCRIPT, PAYLOAD_END, START_SCRIPT } from './runner-script.ts';
import { quoteForShell } from './shell-quote.ts';

/** How much of a command's output is returned. */
const TAIL_BYTES = 8 * 1_024;
/** A shell argument is limited to 128 KiB on Linux, and the command is one argument. */
const MAX_COMMAND_BYTES = 100 * 1_024;

/**
 * Starts a command on the node once for each key. When it returns, the claim is on the node's disk.
 *
 * @throws invalid-input `NODE_COMMAND_INPUT`; unavailable: the command may or may not have started, and
 * the same call again does no harm.
 */
export async function startCommand(
  pool: ConnectionPool,
  target: NodeTarget,
  command: CommandSpec,
  signal: AbortSignal,
): Promise<void> {
  const seconds = Math.max(1, Math.ceil(command.timeoutSeconds));
  await execute(
    pool,
    target,
    {
      command: toCommandLine(target, START_SCRIPT, [target.root, toFolderName(command.key), String(seconds)]),
      input: toPayload(target, command),
    },
    signal,
  );
}

/**
 * Polls a started command once.
 *
 * @throws not-found `NODE_COMMAND_NOT_STARTED` when nothing claimed the key on this node.
 */
export async function inspectCommand(
  pool: ConnectionPool,
  target: NodeTarget,
  key: string,
  secrets: readonly string[],
  signal: AbortSignal,
): Promise<CommandState> {
  const answer = await execute(
    pool,
    target,
    { command: toCommandLine(target, INSPECT_SCRIPT, [target.root, toFolderName(key), String(TAIL_BYTES)]) },
    signal,
  );
  const { words, output, cutAtStart } = readAnswer(answer);
  const [state, number] = words;
  // Its end may be missing too: more may come, or the process that collects it is gone.
  const shown = maskSecrets(output, secrets, { cutAtStart, cutAtEnd: true });
  switch (state) {
    case 'running':
      return { state, seconds: Number(number), lastOutput: shown };
    case 'exited':
      return { state, exitCode: Number(number), output: shown };
    case 'timed-out':
    case 'unknown':
      return { state, output: shown };
    case 'missing':
      throw new WindlassError('not-found', `command ${key} was never started on ${nameNode(target)}`, {
        code: 'NODE_COMMAND_NOT_STARTED',
      });
    default:
      throw new WindlassError(
        'internal',
        `the runner on ${nameNode(target)} gave an answer that cannot be read`,
        {
          code: 'NODE_RUNNER',
          hint: 'another program writes into /var/lib/windlass/run on that node',
        },
      );
  }
}

/** The script becomes an argument of `sh -c`, so that standard input is free for data. */
function toCommandLine(target: NodeTarget, script: string, values: readonly string[]): string {
  return asRoot(
    target,
    ['sh', '-c', quoteForShell(script), 'windlass', ...values.map(quoteForShell)].join(' '),
  );
}

/** Sourced by the runner from standard input, never an argument: it may hold secrets. */
function toPayload(target: NodeTarget, command: CommandSpec): string {
  if (Buffer.byteLength(command.command) > MAX_COMMAND_BYTES) {
    throw invalidCommand(`it is longer than ${MAX_COMMAND_BYTES} bytes`);
  }
  const variables = Object.entries({ ...command.env, WINDLASS_ROOT: target.root }).map(([name, value]) => {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
      throw invalidCommand(`${JSON.stringify(name)} is not a valid name of a variable`);
    }
    return `export ${name}=${quoteForShell(value)}`;
  });
  return [...variables, `windlass_command=${quoteForShell(command.command)}`, PAYLOAD_END, ''].join('\n');
}

function invalidCommand(why: string): WindlassError {
  return new WindlassError('invalid-input', `the command cannot run on a node: ${why}`, {
    code: 'NODE_COMMAND_INPUT',
    hint: 'put long scripts into a file of the image or the package and call that',
  });
}

/** A key that is not a plain file name is mapped to one, which stays unique. */
function toFolderName(key: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,119}$/.test(key)) return key;
  const digest = createHash('sha256').update(key).digest('hex').slice(0, 16);
  return `${key
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, 100)}~${digest}`;
}

interface Answer {
  readonly words: readonly string[];
  readonly output: string;
  readonly cutAtStart: boolean;
}

function readAnswer(answer: Buffer): Answer {
  const stateEnd = answer.indexOf('\n');
  const windowEnd = answer.indexOf('\n', stateEnd + 1);
  const words = answer.toString('utf8', 0, stateEnd).split(' ');
  if (windowEnd < 0) return { words, output: '', cutAtStart: false };
  const cutAtStart = answer.toString('utf8', stateEnd + 1, windowEnd) === 'cut';
  return { words, output: wholeCharacters(answer.subarray(windowEnd + 1)), cutAtStart };
}

/** A window may begin in the middle of a character: its remaining bytes are left out. */
function wholeCharacters(bytes: Buffer): string {
  let start = 0;
  while (start < 3 && start < bytes.length && ((bytes[start] ?? 0) & 0xc0) === 0x80) start += 1;
  return bytes.toString('utf8', start);
}
