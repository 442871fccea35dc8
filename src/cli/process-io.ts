import { text } from 'node:stream/consumers';
import type { CliIo, Output } from './io.ts';

const DEFAULT_COLUMNS = 80;

/** The real process's input and output. */
export function createProcessIo(): CliIo {
  // A reader that has closed the pipe (`| head`) is not an error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  return {
    stdout: toOutput(process.stdout),
    stderr: toOutput(process.stderr),
    env: process.env,
    readStdin: () => text(process.stdin),
    keyboard: process.stdin.isTTY ? process.stdin : null,
    onInterrupt(listener) {
      process.on('SIGINT', listener);
      process.on('SIGTERM', listener);
      return () => {
        process.off('SIGINT', listener);
        process.off('SIGTERM', listener);
      };
    },
    async connect(env) {
      const { connectClient } = await import('../client/index.ts');
      return connectClient({ env });
    },
    now: () => new Date(),
  };
}

function toOutput(stream: NodeJS.WriteStream): Output {
  return {
    write: (chunk) => void stream.write(chunk),
    stream,
    // A terminal without a size (some pseudo-terminals) cannot be drawn on.
    isTerminal: stream.isTTY && stream.rows > 0 && stream.columns > 0,
    get columns() {
      return stream.isTTY && stream.columns > 0 ? stream.columns : DEFAULT_COLUMNS;
    },
  };
}
