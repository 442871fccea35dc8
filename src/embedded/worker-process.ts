import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findWorkerLog } from '../config/index.ts';
import { findProgram } from './find-program.ts';
import { endLeftOver, type Service, startService } from './service-process.ts';

/** How to start the stack's worker. */
export interface WorkerProcessRequest {
  readonly home: string;
  /** Contains the addresses of the servers. */
  readonly env: NodeJS.ProcessEnv;
  readonly report: (line: string) => void;
  /** Whether a worker answers. */
  readonly isReady: () => Promise<boolean>;
  /** Default: `windlass worker` of this tree. */
  readonly program?: readonly string[];
}

/** A worker that is started again whenever it dies, until it is stopped. */
export interface SupervisedWorker {
  pid(): number;
  stop(): Promise<void>;
}

const READY_LIMIT_MS = 90_000;
/** More than the worker's own limit for letting activities end (WINDLASS_STOP_SECONDS, 10 s). */
const STOP_GRACE_MS = 15_000;
const FIRST_RESTART_MS = 500;
const LAST_RESTART_MS = 15_000;

/**
 * Runs `windlass worker` as a process of its own, as in production: it can be killed alone, and its death
 * affects neither servers nor jobs. A worker that a killed stack has left is ended first: it may be of
 * another version. One that dies later is started again.
 * @throws unavailable `SERVICE_FAILED` when the first one does not start
 */
export async function superviseWorker(request: WorkerProcessRequest): Promise<SupervisedWorker> {
  const { home, env, report, isReady } = request;
  const folder = join(home, 'run');
  const recordFile = join(folder, 'worker.json');
  if (await endLeftOver(recordFile, STOP_GRACE_MS)) report('ended a worker that a killed stack had left');
  const start = (): Promise<Service> =>
    startService({
      name: 'the worker',
      command: process.execPath,
      args: request.program ?? [findProgram('../cli/main'), 'worker'],
      env,
      logFile: findWorkerLog(home),
      recordFile,
      address: '',
      readyWord: 'the worker is up',
      isReady,
      readyLimitMs: READY_LIMIT_MS,
      stopGraceMs: STOP_GRACE_MS,
    });
  let current = await start();
  let stopping = false;

  async function restartUntilStopped(): Promise<void> {
    for (let delayMs = FIRST_RESTART_MS; ;) {
      const began = Date.now();
      await current.ended;
      if (stopping) return;
      if (Date.now() - began > LAST_RESTART_MS * 2) delayMs = FIRST_RESTART_MS;
      report(`the worker (process ${current.pid}) ended; starting another`);
      await sleep(delayMs);
      delayMs = Math.min(delayMs * 2, LAST_RESTART_MS);
      try {
        if (!stopping) current = await start();
      } catch (error) {
        report(error instanceof Error ? error.message : String(error));
      }
    }
  }
  const supervision = restartUntilStopped();
  return {
    pid: () => current.pid,
    async stop() {
      stopping = true;
      await current.stop();
      await supervision;
      // A worker that was just being started when the stop came.
      await current.stop();
    },
  };
}
