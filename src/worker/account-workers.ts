import { Worker, type NativeConnection } from '@temporalio/worker';
import type { Activities } from '../../activities/index.ts';
import type { Stores } from '../db/index.ts';
import { type QueueScope } from '../domain/index.ts';
import { effectsQueue, waitsQueue } from '../protocol/index.ts';
import type { Config } from '../config/index.ts';

/** Workers for the queues of accounts, which come and go with the runtimes. */
export interface AccountWorkers {
  /** Looks for new runtimes now. */
  refresh(): void;
  stop(): Promise<void>;
}

const REFRESH_MS = 2_000;

/**
 * Polls an effects queue and a waits queue for every account and region that a runtime names, and
 * looks for new ones every two seconds: another worker may have made them.
 */
export function startAccountWorkers(
  connection: NativeConnection,
  config: Config,
  stores: Stores,
  { tasks, interceptor }: Activities,
  onFatal: (error: unknown) => void,
): AccountWorkers {
  const running = new Map<string, { worker: Worker; ended: Promise<void> }>();
  let refreshing = Promise.resolve();
  let stopping = false;

  async function run(taskQueue: string, slots: number): Promise<void> {
    if (running.has(taskQueue) || stopping) return;
    const worker = await Worker.create({
      connection,
      namespace: config.temporal.namespace,
      taskQueue,
      activities: tasks,
      interceptors: { activity: [interceptor] },
      maxConcurrentActivityTaskExecutions: slots,
      maxHeartbeatThrottleInterval: '1 second',
      shutdownGraceTime: config.stopSeconds * 1000,
    });
    running.set(taskQueue, { worker, ended: worker.run().catch(onFatal) });
  }

  async function look(): Promise<void> {
    const runtimes = await stores.runtimes.list({ limit: 10_000 });
    const scopes = new Map<string, QueueScope>(runtimes.map((scope) => [effectsQueue(scope), scope]));
    for (const [queue, scope] of scopes) {
      await run(queue, config.slots.effects);
      await run(waitsQueue(scope), config.slots.waits);
    }
  }

  function refresh(): void {
    // A database that is away now is there at the next look.
    refreshing = refreshing.then(look).catch(() => {});
  }

  refresh();
  const timer = setInterval(refresh, REFRESH_MS);
  return {
    refresh,
    async stop() {
      stopping = true;
      clearInterval(timer);
      await refreshing;
      for (const { worker } of running.values()) if (worker.getState() === 'RUNNING') worker.shutdown();
      await Promise.all([...running.values()].map(({ ended }) => ended));
    },
  };
}
