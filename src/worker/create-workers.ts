import { Worker, type NativeConnection, type WorkerOptions } from '@temporalio/worker';
import { createAccountGate, type Activities } from '../../activities/index.ts';
import type { Config } from '../config/index.ts';
import { providerQueue, REQUESTS_QUEUE, WORKFLOW_QUEUE, type ProviderWork } from '../protocol/index.ts';
import { POLLERS, WORKFLOW_POLLERS } from './pollers.ts';
import { openWorkflowBundle } from './workflow-bundle.ts';

/**
 * How many activities of one queue a worker accepts for each one that may run at the same time for one
 * account: room for the waiting lines of several accounts. An activity that waits in its line costs
 * little.
 */
const LINES = 25;

/** One of Temporal's workers for each queue: the queues that every worker has, and four for each provider. */
export async function createWorkers(
  connection: NativeConnection,
  config: Config,
  providers: readonly string[],
  { engine, tasks, requests, interceptor }: Activities,
): Promise<readonly Worker[]> {
  const { slots } = config;
  const create = (taskQueue: string, options: Partial<WorkerOptions>): Promise<Worker> =>
    Worker.create({
      connection,
      namespace: config.temporal.namespace,
      activityTaskPollerBehavior: POLLERS,
      interceptors: { activity: [interceptor] },
      maxHeartbeatThrottleInterval: '1 second',
      shutdownGraceTime: config.stopSeconds * 1000,
      ...options,
      taskQueue,
    });
  const createForAccounts = (work: ProviderWork, provider: string, perAccount: number): Promise<Worker> => {
    const total = perAccount * LINES;
    return create(providerQueue(work, provider), {
      activities: tasks,
      maxConcurrentActivityTaskExecutions: total,
      interceptors: { activity: [createAccountGate({ perAccount, total }), interceptor] },
    });
  };
  const workflowBundle = await openWorkflowBundle(config.cacheFolder);
  return Promise.all([
    create(WORKFLOW_QUEUE, {
      activities: engine,
      workflowBundle,
      workflowTaskPollerBehavior: WORKFLOW_POLLERS,
      maxConcurrentWorkflowTaskExecutions: slots.workflows,
      maxConcurrentActivityTaskExecutions: slots.workflows,
      maxCachedWorkflows: config.cachedWorkflows,
      stickyQueueScheduleToStartTimeout: config.stickySeconds * 1000,
    }),
    create(REQUESTS_QUEUE, { activities: requests, maxConcurrentActivityTaskExecutions: slots.reads }),
    ...providers.flatMap((provider) => [
      create(providerQueue('requests', provider), {
        activities: requests,
        maxConcurrentActivityTaskExecutions: slots.reads,
      }),
      createForAccounts('effects', provider, slots.effects),
      createForAccounts('waits', provider, slots.waits),
      createForAccounts('nodes', provider, slots.nodes),
    ]),
  ]);
}
