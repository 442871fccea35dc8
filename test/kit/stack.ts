import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connectClient, type WindlassClient } from '../../src/client/index.ts';
import { findCacheFolder } from '../../src/config/index.ts';
import { startPglite, startPostgres, type TestDatabase } from './databases.ts';
import { startTemporal, type TestTemporal } from './temporal.ts';

const WORKER_PROCESS = fileURLToPath(new URL('./worker-process.ts', import.meta.url));

/** A worker as a process of its own. */
export interface TestWorker {
  readonly pid: number;
  readonly ended: Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
  stop(): Promise<void>;
  /** What it has logged so far. */
  log(): string;
}

/** Everything a job needs, on servers of the test's own. */
export interface TestStack {
  readonly client: WindlassClient;
  readonly temporal: TestTemporal;
  readonly databaseUrl: string;
  /** Where the database keeps its files. */
  readonly databaseFolder: string;
  /** WINDLASS_HOME; the local provider's cloud is in `<home>/local`. */
  readonly home: string;
  /** The environment that a windlass process needs to reach all of it. */
  readonly env: NodeJS.ProcessEnv;
  /** Starts a worker and waits until it polls. */
  startWorker(env?: NodeJS.ProcessEnv): Promise<TestWorker>;
  /** Ends every worker, the servers, and what the local provider still runs. */
  stop(): Promise<void>;
}

export interface StackOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** `postgres` where there is one, unless `pglite` is asked for. */
  readonly database?: 'pglite' | 'postgres';
}

/** Starts Temporal and a database; workers are started by the test. */
export async function startStack(options: StackOptions = {}): Promise<TestStack> {
  const home = mkdtempSync(join(tmpdir(), 'windlass-stack-'));
  const [temporal, database] = await Promise.all([startTemporal(), startDatabase(options.database)]);
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    TEMPORAL_ADDRESS: temporal.address,
    TEMPORAL_NAMESPACE: temporal.namespace,
    DATABASE_URL: database.databaseUrl,
    WINDLASS_HOME: home,
    WINDLASS_CACHE: findCacheFolder(process.env),
    WINDLASS_LOG_LEVEL: 'warn',
    WINDLASS_STOP_SECONDS: '1',
    ...options.env,
  };
  const client = await connectClient({ env, workerTimeoutMs: 30_000 });
  const workers: TestWorker[] = [];
  return {
    client,
    temporal,
    databaseUrl: database.databaseUrl,
    databaseFolder: database.folder,
    home,
    env,
    async startWorker(more = {}) {
      const worker = await forkWorker({ ...env, ...more });
      workers.push(worker);
      return worker;
    },
    async stop() {
      await client.close();
      await Promise.all(workers.map((worker) => worker.stop()));
      await Promise.all([temporal.stop(), database.stop()]);
      await pullThePlug(join(home, 'local'));
      rmSync(home, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

async function startDatabase(wanted: StackOptions['database']): Promise<TestDatabase> {
  if (wanted === 'pglite') return startPglite();
  return (await startPostgres()) ?? startPglite();
}

/** The worker was killed before it could report that it polls. */
export class WorkerKilledEarly extends Error {}

/**
 * Starts a worker on servers that `env` names, and waits until it polls. The caller ends it.
 * @throws WorkerKilledEarly; Error with its output when it ended by itself
 */
export async function forkWorker(env: NodeJS.ProcessEnv): Promise<TestWorker> {
  const child = fork(WORKER_PROCESS, { env, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  const output: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => output.push(text));
  }
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    child.once('message', () => resolve());
    void ended.then(() => {
      const killed = child.signalCode === 'SIGKILL';
      const message = `a worker ended before it was ready:\n${output.join('')}`;
      reject(killed ? new WorkerKilledEarly(message) : new Error(message));
    });
  });
  const { pid } = child;
  if (pid === undefined) throw new Error('a worker without a process');
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (isAlive(child)) child.kill(signal);
    await ended;
  };
  return {
    pid,
    ended,
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
    log: () => output.join(''),
  };
}

function isAlive(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}

/** Ends machines that a failed test has left; a passed one has deleted them. */
export async function pullThePlug(folder: string): Promise<void> {
  const { openLocalCloud } = await import('../../src/providers/local/index.ts');
  for (const { pid } of await openLocalCloud(folder).listProcesses()) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // Ended by itself.
    }
  }
}
