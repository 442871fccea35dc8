import { fileURLToPath } from 'node:url';
import { NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import type { Config } from '../../src/config/index.ts';
import { POLLERS, WORKFLOW_POLLERS } from '../../src/worker/pollers.ts';
import { BARE_EFFECTS_QUEUE, BARE_NODES_QUEUE, BARE_WAITS_QUEUE, BARE_WORKFLOW_QUEUE } from './messages.ts';

const activities = { empty: async (): Promise<void> => {} };

/** Workers on queues of the same layout, with the same slots and settings as windlass has. */
export async function startBareWorker(
  config: Config,
): Promise<{ stop(): Promise<void>; readonly stopped: Promise<void> }> {
  const connection = await NativeConnection.connect({ address: config.temporal.address });
  const create = (taskQueue: string, slots: number, more: Partial<WorkerOptions> = {}): Promise<Worker> =>
    Worker.create({
      connection,
      namespace: config.temporal.namespace,
      taskQueue,
      activities,
      activityTaskPollerBehavior: POLLERS,
      maxConcurrentActivityTaskExecutions: slots,
      maxHeartbeatThrottleInterval: '1 second',
      ...more,
    });
  const { slots } = config;
  const workers = await Promise.all([
    create(BARE_WORKFLOW_QUEUE, slots.workflows, {
      workflowsPath: fileURLToPath(new URL('./workflows.ts', import.meta.url)),
      workflowTaskPollerBehavior: WORKFLOW_POLLERS,
      maxConcurrentWorkflowTaskExecutions: slots.workflows,
      maxCachedWorkflows: config.cachedWorkflows,
      stickyQueueScheduleToStartTimeout: config.stickySeconds * 1000,
    }),
    create(BARE_EFFECTS_QUEUE, slots.effects),
    create(BARE_WAITS_QUEUE, slots.waits),
    create(BARE_NODES_QUEUE, slots.nodes),
  ]);
  const stopped = Promise.all(workers.map((worker) => worker.run())).then(() => connection.close());
  return {
    stopped,
    async stop() {
      for (const worker of workers) worker.shutdown();
      await stopped;
    },
  };
}
