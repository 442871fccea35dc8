import { ActivityCancellationType, proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { ActivityOptions } from '@temporalio/workflow';
import {
  providerQueue,
  WORKFLOW_QUEUE,
  type ActivityTiming,
  type FrontgateActivities,
  type JobActivities,
  type TaskActivities,
} from '../src/protocol/index.ts';
import { TASK_ACTIONS } from '../src/domain/index.ts';
import type { QueueScope, TaskAction } from '../src/domain/index.ts';

// Every failure that is retried carries its own next delay (activities/to-application-failure.ts). This
// policy applies only to timeouts, i.e. a worker that died: the next attempt starts after one second,
// however many polls a wait has had before.
const RETRY_FOREVER = { initialInterval: '1 second', backoffCoefficient: 1 } as const;

const BOOKKEEPING: ActivityOptions = {
  taskQueue: WORKFLOW_QUEUE,
  startToCloseTimeout: '1 minute',
  retry: RETRY_FOREVER,
};

/**
 * The first step, which parses and plans: it waits for a worker that has the provider. Its heartbeat
 * timeout is fixed: the configured one is part of its result.
 */
export function loadJob(
  provider: string,
  input: Parameters<JobActivities['LoadJob']>[0],
): ReturnType<JobActivities['LoadJob']> {
  return proxyActivities<Pick<JobActivities, 'LoadJob'>>({
    ...BOOKKEEPING,
    taskQueue: providerQueue('effects', provider),
    heartbeatTimeout: '5 seconds',
  }).LoadJob(input);
}

/** Steps of the job that use only our database. */
export function bookkeeping(timing: ActivityTiming): Pick<JobActivities, 'CloseJob'> {
  return proxyActivities<Pick<JobActivities, 'CloseJob'>>({
    ...BOOKKEEPING,
    heartbeatTimeout: timing.heartbeatSeconds * 1000,
  });
}

/** Reads that leave one event instead of three. */
export const { loadSlice } = proxyLocalActivities<Pick<JobActivities, 'loadSlice'>>({
  startToCloseTimeout: '30 seconds',
  retry: RETRY_FOREVER,
});

type ProviderSteps = Pick<JobActivities, 'CheckResource' | 'PlanJob' | 'UpdateClusterStatus'>;

/** Steps of the job that need its provider. */
export function providerSteps(queues: QueueScope, timing: ActivityTiming): ProviderSteps {
  return proxyActivities<ProviderSteps>({
    taskQueue: providerQueue('effects', queues.provider),
    startToCloseTimeout: '5 minutes',
    heartbeatTimeout: timing.heartbeatSeconds * 1000,
    retry: RETRY_FOREVER,
  });
}

/** Steps of a frontgate's workflow that use our database. */
export const { LoadFrontgate: loadFrontgate } = proxyActivities<Pick<FrontgateActivities, 'LoadFrontgate'>>({
  ...BOOKKEEPING,
  heartbeatTimeout: '5 seconds',
});

/**
 * Steps that use the cloud. A cloud that does not answer in time does not prove that the frontgate is
 * lost.
 */
export function inspectFrontgate(
  queues: QueueScope,
  timing: ActivityTiming,
  request: Parameters<FrontgateActivities['InspectFrontgate']>[0],
): Promise<void> {
  return proxyActivities<Pick<FrontgateActivities, 'InspectFrontgate'>>({
    taskQueue: providerQueue('effects', queues.provider),
    startToCloseTimeout: '1 minute',
    scheduleToCloseTimeout: '2 minutes',
    heartbeatTimeout: timing.heartbeatSeconds * 1000,
    retry: RETRY_FOREVER,
  }).InspectFrontgate(request);
}

/** Starts the effect of a task. The result says whether a wait must follow. */
export function startHandle(
  action: TaskAction,
  queues: QueueScope,
  timing: ActivityTiming,
  options: { taskId: string; summary: string },
): Promise<{ wait: boolean }> {
  const activities = proxyActivities<TaskActivities>({
    taskQueue: providerQueue(TASK_ACTIONS[action].by === 'node' ? 'nodes' : 'effects', queues.provider),
    activityId: options.taskId,
    summary: options.summary,
    startToCloseTimeout: '10 minutes',
    heartbeatTimeout: timing.heartbeatSeconds * 1000,
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: RETRY_FOREVER,
  });
  return activities[action]({ taskId: options.taskId });
}

/** Observes the effect of a task until it is complete, or its timeout expires. */
export function startWait(
  action: TaskAction,
  queues: QueueScope,
  timing: ActivityTiming,
  options: { taskId: string; summary: string },
): Promise<void> {
  const activities = proxyActivities<TaskActivities>({
    taskQueue: providerQueue(TASK_ACTIONS[action].by === 'node' ? 'nodes' : 'waits', queues.provider),
    activityId: `${options.taskId}/wait`,
    summary: options.summary,
    startToCloseTimeout: '2 minutes',
    heartbeatTimeout: timing.heartbeatSeconds * 1000,
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: RETRY_FOREVER,
  });
  return activities[`Wait${action}`]({ taskId: options.taskId });
}
