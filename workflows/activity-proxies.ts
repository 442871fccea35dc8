import { ActivityCancellationType, proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { ActivityOptions } from '@temporalio/workflow';
import {
  providerQueue,
  WORKFLOW_QUEUE,
  type ActivityTiming,
  type BegunJob,
  type ClosedJob,
  type FrontgateActivities,
  type JobActivities,
  type RunJobInput,
  type TaskActivities,
} from '../src/protocol/index.ts';
import { TASK_ACTIONS } from '../src/domain/index.ts';
import type { QueueScope, TaskAction } from '../src/domain/index.ts';

// Every failure that is retried carries its own next delay (activities/to-application-failure.ts).
// What is left for this policy are timeouts, i.e. a worker that died: the next try starts after
// one second, however many looks a wait has had before.
const RETRY_FOREVER = { initialInterval: '1 second', backoffCoefficient: 1 } as const;

const BOOKKEEPING: ActivityOptions = {
  taskQueue: WORKFLOW_QUEUE,
  startToCloseTimeout: '1 minute',
  retry: RETRY_FOREVER,
};

/** Until a step has said what is configured. */
const FIRST_TIMING: ActivityTiming = { heartbeatSeconds: 5 };

/**
 * Begins a job: it waits for a worker that has the provider. A cancel ends it as soon as its worker has
 * heard of it, so that nothing is opened after the job was closed.
 */
export function beginJob(input: RunJobInput): Promise<BegunJob> {
  return proxyActivities<Pick<JobActivities, 'BeginJob'>>({
    taskQueue: providerQueue('effects', input.provider),
    startToCloseTimeout: '5 minutes',
    heartbeatTimeout: FIRST_TIMING.heartbeatSeconds * 1000,
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: RETRY_FOREVER,
  }).BeginJob(input);
}

/** Ends a job; where the cloud is to be asked, on a worker that has the provider, else on any. */
export function endJob(
  provider: string,
  { heartbeatSeconds }: ActivityTiming = FIRST_TIMING,
  request: Parameters<JobActivities['EndJob']>[0],
): Promise<ClosedJob> {
  return proxyActivities<Pick<JobActivities, 'EndJob'>>({
    taskQueue: request.refresh ? providerQueue('effects', provider) : WORKFLOW_QUEUE,
    startToCloseTimeout: '5 minutes',
    heartbeatTimeout: heartbeatSeconds * 1000,
    retry: RETRY_FOREVER,
  }).EndJob(request);
}

/** Reads that leave one event instead of three. */
export const { loadSlice } = proxyLocalActivities<Pick<JobActivities, 'loadSlice'>>({
  startToCloseTimeout: '30 seconds',
  retry: RETRY_FOREVER,
});

/** What the workflow of a frontgate asks of our database. */
export const { LoadFrontgate: loadFrontgate } = proxyActivities<Pick<FrontgateActivities, 'LoadFrontgate'>>({
  ...BOOKKEEPING,
  heartbeatTimeout: '5 seconds',
});

/** And of the cloud. A cloud that does not answer in time has not said that the frontgate is lost. */
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

/** Starts the effect of a task. The result says whether there is something to wait for. */
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

/** Observes the effect of a task until it is there, or its limit is over. */
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
