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
import { findCoreFacts } from '../src/domain/index.ts';
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

/** Until BeginJob has said what is configured. */
const FIRST_TIMING: ActivityTiming = { heartbeatSeconds: 5 };

/**
 * Begins a job as soon as there is a worker that has the provider. If the job is cancelled meanwhile, the
 * end of the activity is awaited, so that nothing is opened after the job was closed.
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

/** Ends a job: on a worker that has the provider if the cloud is read, else on any worker. */
export function endJob(
  provider: string,
  request: Parameters<JobActivities['EndJob']>[0],
  { heartbeatSeconds }: ActivityTiming = FIRST_TIMING,
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

/** An action that a provider brings is not known here: its tasks go to the queues of the cloud's. */
function isOnNode(action: TaskAction): boolean {
  return findCoreFacts(action)?.by === 'node';
}

/** Starts the effect of a task. The result says whether a wait must follow. */
export function startHandle(
  action: TaskAction,
  queues: QueueScope,
  timing: ActivityTiming,
  options: { taskId: string; summary: string },
): Promise<{ wait: boolean }> {
  const activities = proxyActivities<TaskActivities>({
    taskQueue: providerQueue(isOnNode(action) ? 'nodes' : 'effects', queues.provider),
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
    taskQueue: providerQueue(isOnNode(action) ? 'nodes' : 'waits', queues.provider),
    activityId: `${options.taskId}/wait`,
    summary: options.summary,
    startToCloseTimeout: '2 minutes',
    heartbeatTimeout: timing.heartbeatSeconds * 1000,
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: RETRY_FOREVER,
  });
  return activities[`Wait${action}`]({ taskId: options.taskId });
}
