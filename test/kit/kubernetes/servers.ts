import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** The programs of a control plane; the binary knows them by the name it is called by. */
export type Program = 'etcd' | 'kube-apiserver' | 'kube-controller-manager' | 'kube-scheduler' | 'kwok';

/** Processes of one folder, each with its log beside it. */
export interface Servers {
  start(program: Program, args: readonly string[]): void;
  /** SIGKILL, and until it is gone. */
  kill(program: Program): Promise<void>;
  /** @throws with the end of its log if a process has ended without `kill` */
  assertAlive(): void;
  /** SIGTERM, SIGKILL after three seconds. */
  stop(): Promise<void>;
}

const STOP_LIMIT_MS = 3_000;
const LOG_END = 2_000;

/** Runs programs of the binary. They end with this process, unless it is killed. */
export function createServers(binary: string, folder: string): Servers {
  const running = new Map<Program, ChildProcess>();
  const killAll = (): void => {
    for (const child of running.values()) child.kill('SIGKILL');
  };
  process.once('exit', killAll);
  const logOf = (program: Program): string => join(folder, `${program}.log`);

  async function end(program: Program, signal: NodeJS.Signals): Promise<void> {
    const child = running.get(program);
    running.delete(program);
    if (child === undefined || !isAlive(child)) return;
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill(signal);
    const late = new AbortController();
    void sleep(STOP_LIMIT_MS, undefined, { signal: late.signal }).then(
      () => child.kill('SIGKILL'),
      () => undefined,
    );
    await ended;
    late.abort();
  }

  return {
    start(program, args) {
      const path = join(folder, program);
      try {
        symlinkSync(binary, path);
      } catch {
        // It was started before.
      }
      const child = spawn(path, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
      const log = createWriteStream(logOf(program), { flags: 'a' });
      child.stdout.pipe(log, { end: false });
      child.stderr.pipe(log, { end: false });
      running.set(program, child);
    },
    kill: (program) => end(program, 'SIGKILL'),
    assertAlive() {
      for (const [program, child] of running) {
        if (isAlive(child)) continue;
        const log = readFileSync(logOf(program), 'utf8').slice(-LOG_END);
        throw new Error(`${program} has ended (${child.exitCode ?? child.signalCode}):\n${log}`);
      }
    },
    async stop() {
      // Clients of the API server end before it, and it ends before its store.
      await Promise.all(
        (['kwok', 'kube-scheduler', 'kube-controller-manager'] as const).map((one) => end(one, 'SIGTERM')),
      );
      await end('kube-apiserver', 'SIGTERM');
      await end('etcd', 'SIGTERM');
      process.off('exit', killAll);
    },
  };
}

function isAlive(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}
