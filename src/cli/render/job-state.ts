import type { JobEvent } from '../../client/index.ts';
import type { ErrorInfo, JobAction, JobStatus, TaskStatus } from '../../domain/index.ts';
import type { JobView, LayerView, TaskView } from '../../protocol/index.ts';

/** What a renderer knows of a job: the events so far, added up. */
export interface JobState {
  readonly jobId: string;
  readonly clusterId: string;
  readonly action: JobAction | null;
  readonly status: JobStatus;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly error: ErrorInfo | null;
  readonly layers: readonly LayerState[];
  /** Why nobody answers at the moment. */
  readonly lost: ErrorInfo | null;
}

export interface LayerState {
  readonly index: number;
  readonly name: string;
  readonly total: number;
  readonly done: number;
  readonly failed: number;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly tasks: ReadonlyMap<string, TaskState>;
}

export interface TaskState {
  readonly action: string;
  readonly label: string;
  readonly status: TaskStatus;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly attempts: number;
  readonly observation: string | null;
  readonly error: ErrorInfo | null;
  readonly nextAttemptAt: string | null;
}

/** Before the first event. */
export function createJobState(jobId: string, clusterId: string): JobState {
  return {
    jobId,
    clusterId,
    action: null,
    status: 'queued',
    startedAt: null,
    endedAt: null,
    error: null,
    layers: [],
    lost: null,
  };
}

/** The state after one more event. */
export function applyJobEvent(state: JobState, event: JobEvent): JobState {
  switch (event.event) {
    case 'job-started':
      return {
        ...state,
        clusterId: event.clusterId,
        action: event.action,
        status: 'working',
        startedAt: event.at,
      };
    case 'job-planned':
      return {
        ...state,
        layers: event.layers.map((layer) => ({
          ...layer,
          done: 0,
          failed: 0,
          startedAt: null,
          endedAt: null,
          tasks: new Map<string, TaskState>(),
        })),
      };
    case 'layer-started':
      return withLayer(state, event.layer, () => ({
        startedAt: event.at,
        done: event.done,
        failed: event.failed,
      }));
    case 'layer-ended':
      return withLayer(state, event.layer, () => ({
        endedAt: event.at,
        done: event.done,
        failed: event.failed,
      }));
    case 'task-started':
      return withTask(state, event, () => ({ status: 'working', startedAt: event.at }));
    case 'task-observed':
      return withTask(state, event, () => ({
        observation: event.observation,
        error: null,
        nextAttemptAt: null,
      }));
    case 'task-failed':
      return withTask(state, event, () => ({
        attempts: event.attempts,
        error: event.error,
        nextAttemptAt: event.nextAttemptAt,
      }));
    case 'task-ended':
      return withLayer(
        withTask(state, event, () => ({
          status: event.status,
          endedAt: event.at,
          attempts: event.attempts,
          error: event.error,
          nextAttemptAt: null,
        })),
        event.layer,
        (layer) => ({
          done: layer.done + (event.status === 'successful' ? 1 : 0),
          failed: layer.failed + (event.status === 'failed' ? 1 : 0),
        }),
      );
    case 'contact-lost':
      return { ...state, lost: event.error };
    case 'contact-restored':
      return { ...state, lost: null };
    case 'job-ended':
      return { ...state, status: event.status, endedAt: event.at, error: event.error, lost: null };
  }
}

/** The state of a job that is only looked at once. */
export function toJobState(view: JobView): JobState {
  const { jobId, clusterId, action, status, startedAt, closedAt, error } = view;
  const layers = view.layers.map(toLayerState);
  return { jobId, clusterId, action, status, startedAt, endedAt: closedAt, error, layers, lost: null };
}

function toLayerState({ index, name, total, done, failed, tasks }: LayerView): LayerState {
  const starts = tasks.map((task) => task.startedAt).filter((time) => time !== null);
  const ends = tasks.map((task) => task.endedAt).filter((time) => time !== null);
  return {
    index,
    name,
    total,
    done,
    failed,
    startedAt: starts.toSorted()[0] ?? null,
    endedAt: ends.length === tasks.length ? (ends.toSorted().at(-1) ?? null) : null,
    tasks: new Map(tasks.map((task) => [task.taskId, toTaskState(task)])),
  };
}

function toTaskState(task: TaskView): TaskState {
  const { action, label, status, startedAt, endedAt, attempts, observation, error } = task;
  const nextAttemptAt = task.nextAttemptAt ?? null;
  return { action, label, status, startedAt, endedAt, attempts, observation, error, nextAttemptAt };
}

function withLayer(
  state: JobState,
  index: number,
  change: (layer: LayerState) => Partial<LayerState>,
): JobState {
  return {
    ...state,
    layers: state.layers.map((layer) => (layer.index === index ? { ...layer, ...change(layer) } : layer)),
  };
}

function withTask(
  state: JobState,
  event: { readonly layer: number; readonly taskId: string; readonly action: string; readonly label: string },
  change: (task: TaskState) => Partial<TaskState>,
): JobState {
  return withLayer(state, event.layer, (layer) => {
    const known: TaskState = layer.tasks.get(event.taskId) ?? {
      action: event.action,
      label: event.label,
      status: 'queued',
      startedAt: null,
      endedAt: null,
      attempts: 0,
      observation: null,
      error: null,
      nextAttemptAt: null,
    };
    return { tasks: new Map(layer.tasks).set(event.taskId, { ...known, ...change(known) }) };
  });
}
