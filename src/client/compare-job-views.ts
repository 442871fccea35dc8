import { isOpenJobStatus, type ErrorInfo, type TaskStatus } from '../domain/index.ts';
import type { JobView, LayerView, TaskView } from '../protocol/index.ts';
import type { JobEvent } from './job-events.ts';

/**
 * What happened between two views of a job, in the order of the plan; compared with null, everything that
 * led to the first view. Pure: `seenAt` is used where no time is stored.
 */
export function compareJobViews(previous: JobView | null, next: JobView, seenAt: string): JobEvent[] {
  const events: JobEvent[] = [];
  const { jobId, clusterId, action } = next;
  if (previous === null) events.push({ event: 'job-started', at: next.startedAt, jobId, clusterId, action });
  if ((previous?.layers.length ?? 0) === 0 && next.layers.length > 0) {
    const layers = next.layers.map(({ index, name, total }) => ({ index, name, total }));
    const at = (previous === null ? earliest(next.layers[0]) : undefined) ?? seenAt;
    events.push({ event: 'job-planned', at, jobId, layers });
  }
  for (const layer of next.layers) {
    events.push(...compareLayers(jobId, previous?.layers[layer.index] ?? null, layer, seenAt));
  }
  events.push(...compareHolds(previous, next, seenAt));
  const { status, startedAt, error } = next;
  if (isOpenJobStatus(status)) {
    // An open job has an error while it cannot continue.
    if (error !== null && previous?.error == null)
      events.push({ event: 'contact-lost', at: seenAt, jobId, error });
    if (error === null && previous?.error != null)
      events.push({ event: 'contact-restored', at: seenAt, jobId });
  } else {
    const at = next.closedAt ?? seenAt;
    events.push({ event: 'job-ended', at, jobId, clusterId, action, status, startedAt, error });
  }
  return events;
}

function compareHolds(previous: JobView | null, next: JobView, seenAt: string): JobEvent[] {
  const { jobId, held, status } = next;
  const before = previous?.held ?? null;
  if (held !== null) {
    const { by, why, at } = held;
    return before?.at === at ? [] : [{ event: 'job-held', at, jobId, by, why }];
  }
  const isResumed = before !== null && isOpenJobStatus(status);
  return isResumed ? [{ event: 'job-resumed', at: seenAt, jobId }] : [];
}

function compareLayers(
  jobId: string,
  previous: LayerView | null,
  next: LayerView,
  seenAt: string,
): JobEvent[] {
  const events: JobEvent[] = [];
  const { index: layer, name, total, done, failed } = next;
  const counts = { jobId, layer, name, total, done, failed };
  if (hasBegun(next) && (previous === null || !hasBegun(previous))) {
    events.push({ event: 'layer-started', at: earliest(next) ?? seenAt, ...counts });
  }
  const before = new Map(previous?.tasks.map((task) => [task.taskId, task]));
  const after = new Set(next.tasks.map((task) => task.taskId));
  for (const task of next.tasks) {
    events.push(...compareTasks(jobId, layer, before.get(task.taskId) ?? null, task, seenAt));
  }
  for (const task of before.values()) {
    // Large jobs list only unfinished and failed tasks: a task that left the list has succeeded.
    if (!after.has(task.taskId) && !hasTaskEnded(task)) {
      const ended = { ...task, status: 'successful' as const, observation: null, endedAt: seenAt };
      events.push(...compareTasks(jobId, layer, task, ended, seenAt));
    }
  }
  if (hasEnded(next) && (previous === null || !hasEnded(previous)) && hasBegun(next)) {
    events.push({ event: 'layer-ended', at: latest(next) ?? seenAt, ...counts });
  }
  return events;
}

function compareTasks(
  jobId: string,
  layer: number,
  before: TaskView | null,
  next: TaskView,
  seenAt: string,
): JobEvent[] {
  const events: JobEvent[] = [];
  // A task that was opened again runs as if it never had.
  const previous = before !== null && before.round < next.round ? null : before;
  const { taskId, action, nodeId, label, attempts, error, startedAt, status } = next;
  const base = { jobId, layer, taskId, action, nodeId, label };
  if (hasTaskBegun(next) && (previous === null || !hasTaskBegun(previous))) {
    events.push({ event: 'task-started', at: next.round > 0 ? seenAt : (startedAt ?? seenAt), ...base });
  }
  if (next.observation !== null && next.observation !== (previous?.observation ?? null)) {
    events.push({ event: 'task-observed', at: seenAt, ...base, observation: next.observation });
  }
  if (error !== null && isNewFailure(previous, next) && !hasTaskEnded(next)) {
    const nextAttemptAt = next.nextAttemptAt ?? null;
    events.push({ event: 'task-failed', at: seenAt, ...base, attempts, error, nextAttemptAt });
  }
  if (hasTaskEnded(next) && hasTaskBegun(next) && (previous === null || !hasTaskEnded(previous))) {
    events.push({
      event: 'task-ended',
      at: next.endedAt ?? seenAt,
      ...base,
      status,
      attempts,
      error,
      startedAt,
    });
  }
  return events;
}

function isNewFailure(previous: TaskView | null, next: TaskView): boolean {
  return next.attempts > (previous?.attempts ?? 0) || !isSameError(previous?.error ?? null, next.error);
}

function isSameError(one: ErrorInfo | null, other: ErrorInfo | null): boolean {
  return one?.code === other?.code && one?.message === other?.message;
}

const ENDED: readonly TaskStatus[] = ['successful', 'failed', 'cancelled', 'skipped'];

function hasTaskEnded(task: TaskView): boolean {
  return ENDED.includes(task.status);
}

/** A task that is skipped when its job closes never began; one that failed first did. */
function hasTaskBegun(task: TaskView): boolean {
  return task.status === 'skipped' ? task.startedAt !== null : task.status !== 'queued';
}

function hasBegun(layer: LayerView): boolean {
  return (
    layer.tasks.some(hasTaskBegun) ||
    (layer.done > 0 && !layer.tasks.every((task) => task.status === 'skipped'))
  );
}

function hasEnded(layer: LayerView): boolean {
  return layer.tasks.every(hasTaskEnded) && layer.done + layer.failed + layer.skipped >= layer.total;
}

function earliest(layer: LayerView | undefined): string | undefined {
  return times((layer?.tasks ?? []).map((task) => task.startedAt)).at(0);
}

function latest(layer: LayerView): string | undefined {
  return times(layer.tasks.map((task) => task.endedAt)).at(-1);
}

function times(values: readonly (string | null)[]): string[] {
  return values.filter((value) => value !== null).sort((a, b) => Date.parse(a) - Date.parse(b));
}
