import { createConnectionPool } from './connection-pool.ts';
import { asRoot } from './elevate.ts';
import { execute } from './execute.ts';
import { writeNodeFiles } from './file-writer.ts';
import type { NodeShell } from './node-shell.ts';
import { inspectCommand, startCommand } from './runner.ts';
import { quoteForShell } from './shell-quote.ts';

export interface NodeShellOptions {
  readonly log?: (message: string, fields?: Readonly<Record<string, unknown>>) => void;
  /**
   * Commands that run at the same time over one connection; others queue. 8 by default, because sshd
   * allows 10.
   */
  readonly maxChannels?: number;
  /** How long an unused connection is kept, in milliseconds; a minute by default. */
  readonly idleMs?: number;
}

/** A NodeShell over SSH. It holds connections until `close`, and no other state. */
export function createNodeShell(options: NodeShellOptions = {}): NodeShell {
  const pool = createConnectionPool({
    maxChannels: options.maxChannels ?? 8,
    idleMs: options.idleMs ?? 60_000,
    log: options.log ?? (() => undefined),
  });
  return {
    async ping(target, signal) {
      await execute(pool, target, { command: asRoot(target, 'true') }, signal);
    },
    async run(target, command, signal, input) {
      const prefix = `export WINDLASS_ROOT=${quoteForShell(target.root)}; cd "\${WINDLASS_ROOT:-/}" || exit 1\n`;
      const output = await execute(
        pool,
        target,
        {
          command: asRoot(target, `sh -c ${quoteForShell(prefix + command)}`),
          ...(input === undefined ? {} : { input }),
        },
        signal,
      );
      return output.toString();
    },
    start: (target, command, signal) => startCommand(pool, target, command, signal),
    inspect: (target, key, secrets, signal) => inspectCommand(pool, target, key, secrets, signal),
    writeFiles: (target, files, signal) => writeNodeFiles(pool, target, files, signal),
    close: () => pool.close(),
  };
}
