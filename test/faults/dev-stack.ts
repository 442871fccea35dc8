import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { copyNewPglite } from '../kit/databases.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const STOP_LIMIT_MS = 60_000;

/** `windlass dev`, as a user runs it. */
export interface DevStack {
  readonly temporalAddress: string;
  readonly databaseUrl: string;
  /** SIGKILL for the command, its servers and its worker, all of them. */
  killAll(): Promise<void>;
  /** Ctrl-C. */
  stop(): Promise<void>;
}

/**
 * Starts it on a home folder, on ports of its own choice if none are given, and waits until it is up.
 * @throws with its output when it ends before
 */
export async function startDevStack(
  env: NodeJS.ProcessEnv,
  home: string,
  ports?: { readonly temporal: number; readonly ui: number },
): Promise<DevStack> {
  const data = join(home, 'postgres');
  if (!existsSync(data)) {
    mkdirSync(home, { recursive: true, mode: 0o700 });
    await copyNewPglite(data);
  }
  const chosen = ports === undefined ? [] : ['--port', String(ports.temporal), '--ui-port', String(ports.ui)];
  const args = [MAIN, 'dev', '--json', ...chosen];
  const dev = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const ended = new Promise<void>((resolve) => dev.once('exit', () => resolve()));
  const output: string[] = [];
  dev.stderr.setEncoding('utf8').on('data', (text: string) => output.push(text));
  const up = await Promise.race([readFirstLine(dev), ended.then(() => null)]);
  if (up === null) throw new Error(`windlass dev ended while it was to start:\n${output.join('')}`);
  const { temporalAddress } = JSON.parse(up) as { temporalAddress: string };
  const read = (name: string): { pid: number; address: string } =>
    JSON.parse(readFileSync(join(home, 'run', `${name}.json`), 'utf8')) as { pid: number; address: string };
  return {
    temporalAddress,
    databaseUrl: `postgres://postgres@localhost:5432/postgres?host=${encodeURIComponent(dirname(read('database').address))}`,
    async killAll() {
      // The command first: it would start its worker again.
      const pids = [dev.pid ?? 0, ...['worker', 'temporal', 'database'].map((name) => read(name).pid)];
      for (const pid of pids) kill(pid);
      await ended;
      while (pids.some(isAlive)) await sleep(20);
    },
    async stop() {
      if (dev.exitCode === null && dev.signalCode === null) dev.kill('SIGINT');
      const killing = new AbortController();
      const limit = sleep(STOP_LIMIT_MS, undefined, { signal: killing.signal }).then(
        () => dev.kill('SIGKILL'),
        () => undefined,
      );
      await ended;
      killing.abort();
      await limit;
    },
  };
}

function readFirstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    child.stdout?.setEncoding('utf8').on('data', (part: string) => {
      text += part;
      if (text.includes('\n')) resolve(text.slice(0, text.indexOf('\n')));
    });
  });
}

/** Processes that ended with the command no longer exist. */
function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

/** A zombie is not alive, and holds neither files nor ports. */
function isAlive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3) !== 'Z';
  } catch {
    return false;
  }
}
