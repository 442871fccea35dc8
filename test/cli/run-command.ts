import { PassThrough, type Readable } from 'node:stream';
import { runCli } from '../../src/cli/run-cli.ts';
import type { CliIo, Output } from '../../src/cli/io.ts';
import { createFakeClient, type FakeClient } from './fake-client.ts';

/** How one command line runs in a test. */
export interface RunOptions {
  readonly client?: FakeClient | Error;
  readonly env?: NodeJS.ProcessEnv;
  readonly stdin?: string;
  readonly terminal?: boolean;
  /** A person at a terminal. */
  readonly keyboard?: Readable;
  /** Sees what is written to stderr as a person would. */
  readonly onStderr?: (text: string) => void;
  readonly columns?: number;
  /** Presses Ctrl-C as soon as a handler listens. */
  readonly interrupt?: boolean;
  readonly now?: string;
}

export interface RunResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Whether a connection was asked for. */
  readonly connected: boolean;
}

/** Runs `windlass` in this process. */
export async function runCommand(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const { client, env = {}, stdin = '', terminal = false, columns = 80, interrupt = false } = options;
  let connected = false;
  const stdout = createOutput(terminal, columns);
  const stderr = createOutput(terminal, columns, options.onStderr);
  const io: CliIo = {
    stdout,
    stderr,
    env,
    readStdin: async () => stdin,
    keyboard: options.keyboard ?? null,
    onInterrupt(listener) {
      if (interrupt) setImmediate(listener);
      return () => {};
    },
    async connect() {
      connected = true;
      if (client instanceof Error) throw client;
      return createFakeClient(client ?? {});
    },
    now: () => new Date(options.now ?? '2026-01-01T00:00:00.000Z'),
  };
  const exitCode = await runCli(argv, io);
  return { exitCode, stdout: stdout.text(), stderr: stderr.text(), connected };
}

function createOutput(
  isTerminal: boolean,
  columns: number,
  onText: (text: string) => void = () => {},
): Output & { text(): string } {
  let written = '';
  const stream = Object.assign(new PassThrough(), { columns, rows: 50, isTTY: isTerminal });
  stream.on('data', (chunk: Buffer) => {
    written += chunk.toString();
    onText(chunk.toString());
  });
  const write = (text: string): void => {
    written += text;
  };
  return { write, stream, isTerminal, columns, text: () => written };
}
