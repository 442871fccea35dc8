import type { Readable, Writable } from 'node:stream';
import type { WindlassClient } from '../client/index.ts';

/** One of the two streams that a command writes to. */
export interface Output {
  write(text: string): void;
  /** The stream behind `write`, for code that draws on terminals. */
  readonly stream: Writable;
  /** Whether output may be overwritten. */
  readonly isTerminal: boolean;
  readonly columns: number;
}

/** The command's input and output, so that it runs in a test as well as in a process. */
export interface CliIo {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: NodeJS.ProcessEnv;
  readonly readStdin: () => Promise<string>;
  /** The terminal's input; null if standard input is not a terminal. */
  readonly keyboard: Readable | null;
  /** Calls back at every Ctrl-C (or SIGTERM) until the returned function is called. */
  readonly onInterrupt: (listener: () => void) => () => void;
  readonly connect: (env: NodeJS.ProcessEnv) => Promise<WindlassClient>;
  readonly now: () => Date;
}

/** Whether colours and moving symbols may be used. https://no-color.org */
export function mayColour(output: Output, env: NodeJS.ProcessEnv): boolean {
  return output.isTerminal && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
}
