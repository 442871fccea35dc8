import type { Client } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import proto from '@temporalio/proto';
import type { temporal } from '@temporalio/proto';
import { isErrorInfo, type ErrorInfo } from '../domain/index.ts';
import type { JobView, LayerView, TaskView } from '../protocol/index.ts';

type PendingActivity = temporal.api.workflow.v1.PendingActivityInfo.$Properties;
type Payloads = temporal.api.common.v1.Payloads.$Properties;

/** What only Temporal knows of a task: its running attempt, or the next one. */
export interface PendingTask {
  readonly taskId: string;
  /** A worker has it now, or had it. */
  readonly begun: boolean;
  readonly failures: number;
  readonly observation: string | null;
  readonly error: ErrorInfo | null;
  readonly nextAttemptAt: string | null;
}

export interface PendingWork {
  readonly tasks: ReadonlyMap<string, PendingTask>;
  /** Changes whenever the job may have changed; null if that cannot be found out cheaply. */
  readonly fingerprint: string | null;
  readonly open: boolean;
  /** Why the job itself, not one of its tasks, does not continue. */
  readonly trouble: ErrorInfo | null;
}

/** Reads the pending activities of a job's run and of its slices. */
export async function readPendingTasks(
  client: Client,
  run: { readonly workflowId: string; readonly runId: string },
): Promise<PendingWork> {
  const { raw } = await client.workflow.getHandle(run.workflowId, run.runId).describe();
  const children = raw.pendingChildren ?? [];
  const slices = await Promise.all(
    children.map(async ({ workflowId, runId }) => {
      try {
        const described = await client.workflow.getHandle(workflowId ?? '', runId ?? undefined).describe();
        return described.raw.pendingActivities ?? [];
      } catch {
        // It ended, or has not begun, since its parent was described.
        return [];
      }
    }),
  );
  const activities = [...(raw.pendingActivities ?? []), ...slices.flat()];
  const tasks = new Map<string, PendingTask>();
  for (const activity of activities) {
    const task = toPendingTask(activity);
    if (task !== null) tasks.set(task.taskId, task);
  }
  const { historyLength, status } = raw.workflowExecutionInfo ?? {};
  const moved = [historyLength?.toString(), status, raw.pendingWorkflowTask?.attempt];
  const fingerprint = children.length > 0 ? null : JSON.stringify([...moved, ...activities.map(toMarks)]);
  const running = proto.temporal.api.enums.v1.WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_RUNNING;
  const open = raw.workflowExecutionInfo?.status === running;
  return { tasks, fingerprint, open, trouble: findTrouble(raw.pendingWorkflowTask?.attempt ?? 0) };
}

/** A job whose next step fails in every worker that takes it; some fail once, during a deploy. */
const TROUBLE_ATTEMPTS = 3;

function findTrouble(attempts: number): ErrorInfo | null {
  if (attempts < TROUBLE_ATTEMPTS) return null;
  return {
    kind: 'internal',
    code: 'JOB_STUCK',
    message: 'the workers fail to continue this job',
    hint: 'their logs and the job in the Web UI show why; it continues by itself once they can',
  };
}

/** Adds to the stored view what its pending activities know better. */
export function mergePendingTasks(view: JobView, pending: ReadonlyMap<string, PendingTask>): JobView {
  if (pending.size === 0) return view;
  const mergeLayer = (layer: LayerView): LayerView => ({
    ...layer,
    tasks: layer.tasks.map((task) => {
      const known = pending.get(task.taskId);
      return known === undefined ? task : mergeTask(task, known);
    }),
  });
  return { ...view, layers: view.layers.map(mergeLayer) };
}

function mergeTask(task: TaskView, pending: PendingTask): TaskView {
  // The row is written before Temporal gets the result, so a row that has ended is newer.
  if (task.endedAt !== null) return task;
  return {
    ...task,
    status: task.status === 'queued' && pending.begun ? 'working' : task.status,
    attempts: Math.max(task.attempts, pending.failures),
    observation: pending.observation ?? task.observation,
    error: pending.error ?? task.error,
    ...(pending.nextAttemptAt === null ? {} : { nextAttemptAt: pending.nextAttemptAt }),
  };
}

/** `<taskId>` is a handle, `<taskId>/wait` a wait; the engine's own steps have plain numbers. */
function toPendingTask(activity: PendingActivity): PendingTask | null {
  const id = activity.activityId ?? '';
  const taskId = id.endsWith('/wait') ? id.slice(0, -'/wait'.length) : id;
  if (!taskId.includes('.')) return null;
  const [heartbeat] = decode(activity.heartbeatDetails);
  const started =
    activity.state === proto.temporal.api.enums.v1.PendingActivityState.PENDING_ACTIVITY_STATE_STARTED;
  const failed = activity.lastFailure != null && !isBenign(activity);
  return {
    taskId,
    begun: started || (activity.attempt ?? 1) > 1,
    failures: readNumber(heartbeat, 'failures'),
    observation: readString(heartbeat, 'observation'),
    error: failed ? toErrorInfo(activity) : null,
    nextAttemptAt: failed && !started ? toTime(activity.nextAttemptScheduleTime) : null,
  };
}

function toMarks(activity: PendingActivity): unknown {
  const [heartbeat] = decode(activity.heartbeatDetails);
  return [activity.activityId, activity.state, activity.attempt, readString(heartbeat, 'observation')];
}

/** A poll that found it pending ends as a benign failure: it does not count as an attempt. */
function isBenign(activity: PendingActivity): boolean {
  const category = activity.lastFailure?.applicationFailureInfo?.category;
  return category === proto.temporal.api.enums.v1.ApplicationErrorCategory.APPLICATION_ERROR_CATEGORY_BENIGN;
}

function toErrorInfo(activity: PendingActivity): ErrorInfo {
  const failure = activity.lastFailure;
  const [info] = decode(failure?.applicationFailureInfo?.details);
  if (isErrorInfo(info)) return info;
  if (failure?.timeoutFailureInfo != null) {
    return {
      kind: 'unavailable',
      code: 'WORKER_LOST',
      message: 'the worker that ran it stopped answering; another one takes over',
    };
  }
  return { kind: 'internal', code: 'UNEXPECTED', message: failure?.message ?? 'failed without a message' };
}

function decode(payloads: Payloads | null | undefined): unknown[] {
  return (payloads?.payloads ?? []).map((payload) => defaultPayloadConverter.fromPayload(payload));
}

function readField(value: unknown, field: string): unknown {
  return typeof value === 'object' && value !== null
    ? Object.entries(value).find(([key]) => key === field)?.[1]
    : undefined;
}

function readString(value: unknown, field: string): string | null {
  const found = readField(value, field);
  return typeof found === 'string' && found !== '' ? found : null;
}

function readNumber(value: unknown, field: string): number {
  const found = readField(value, field);
  return typeof found === 'number' ? found : 0;
}

function toTime(timestamp: PendingActivity['nextAttemptScheduleTime']): string | null {
  if (timestamp?.seconds == null) return null;
  return new Date(Number(timestamp.seconds) * 1000 + Math.round((timestamp.nanos ?? 0) / 1e6)).toISOString();
}
