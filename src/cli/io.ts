import type { Readable, Writable } from 'node:stream';
import type { WindlassClient } from '../client/index.ts';

/** One of the two streams that a command writes to. */
export interface Output {
  write(text: string): void;
  /** Where `write` writes to, for what draws on terminals. */
  readonly stream: Writable;
  /** Whether what is written may be taken back. */
  readonly isTerminal: boolean;
  readonly columns: number;
}

/** The outside of the command, so that it runs in a test as well as in a process. */
export interface CliIo {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: NodeJS.ProcessEnv;
  readonly readStdin: () => Promise<string>;
  /** Where a person types; null where standard input is no terminal. */
  readonly keyboard: Readable | null;
  /** Calls back at every Ctrl-C (or SIGTERM) until the returned function is called. */
  readonly onInterrupt: (listener: () => void) => () => void;
  readonly connect: (env: NodeJS.ProcessEnv) => Promise<WindlassClient>;
  readonly now: () => Date;
}

/** May colours and symbols that move be used? https://no-color.org */
export function mayColour(output: Output, env: NodeJS.ProcessEnv): boolean {
  return output.isTerminal && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
}
