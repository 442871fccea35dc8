import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const WORKER_PROCESS = fileURLToPath(new URL('./worker-process.ts', import.meta.url));

/** What a worker of the bench says to its parent. */
export type WorkerMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'memory'; readonly rssBytes: number }
  /** `name`: a fault point, i.e. `<activity>:<point>`. */
  | { readonly kind: 'point'; readonly name: string; readonly atMs: number };

/** A worker that is a process of its own. */
export interface BenchWorker {
  readonly pid: number;
  /** Called for every point that the worker reaches, if BENCH_POINTS was set for it. */
  onPoint(listener: (point: Extract<WorkerMessage, { kind: 'point' }>) => void): void;
  measureMemory(): Promise<number>;
  /** SIGKILL; returns when it was sent, in milliseconds since 1970. */
  kill(): number;
  stop(): Promise<void>;
}

/** @throws Error with what the worker has printed, when it ends before it is ready. */
export async function forkBenchWorker(env: NodeJS.ProcessEnv): Promise<BenchWorker> {
  const child = fork(WORKER_PROCESS, { env, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => (output = (output + text).slice(-4_000)));
  }
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const gone = ended.then(() => {
    throw new Error(`a worker ended too early:\n${output}`);
  });
  gone.catch(() => {});
  await Promise.race([nextMessage(child, 'ready'), gone]);
  return {
    pid: child.pid ?? 0,
    onPoint(listener) {
      child.on('message', (message: WorkerMessage) => {
        if (message.kind === 'point') listener(message);
      });
    },
    async measureMemory() {
      child.send('memory');
      const message = await Promise.race([nextMessage(child, 'memory'), gone]);
      return message.kind === 'memory' ? message.rssBytes : Number.NaN;
    },
    kill() {
      const at = Date.now();
      child.kill('SIGKILL');
      return at;
    },
    async stop() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
      await ended;
    },
  };
}

function nextMessage(child: ChildProcess, kind: WorkerMessage['kind']): Promise<WorkerMessage> {
  return new Promise((resolve) => {
    const listen = (message: WorkerMessage): void => {
      if (message.kind !== kind) return;
      child.off('message', listen);
      resolve(message);
    };
    child.on('message', listen);
  });
}
