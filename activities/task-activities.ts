import { Context } from '@temporalio/activity';
import { CancelledFailure, type ApplicationFailure } from '@temporalio/common';
import { TASK_ACTIONS, WindlassError, type TaskAction } from '../src/domain/index.ts';
import type { TaskActivities, TaskStep } from '../src/protocol/index.ts';
import type { Call } from '../src/provider/index.ts';
import {
  handleTask,
  isLeaseMatter,
  isRetried,
  PRODUCT_PACING,
  triedTooLong,
  waitForTask,
  type PollResult,
  type Progress,
  type TaskAttempt,
} from '../src/task-runner/index.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { readProgress, startHeartbeats } from './heartbeat.ts';
import { createHydrator } from './hydrate.ts';
import { createTaskStores, type TaskStoreOf } from './task-store.ts';
import {
  isJobCancellation,
  isTryInterrupted,
  toApplicationFailure,
  toPendingFailure,
  tryInterrupted,
} from './to-application-failure.ts';
import { toWindlassError } from './report-error.ts';

/** How long a handle may go on after its job was cancelled: an effect is not cut in the middle. */
const CANCEL_GRACE_MS = 10_000;

export function createTaskActivities(dependencies: ActivityDependencies): TaskActivities {
  const storeOf = createTaskStores(dependencies, createHydrator(dependencies));
  const actions = Object.keys(TASK_ACTIONS) as TaskAction[];
  return Object.fromEntries(
    actions.flatMap((action) => [
      [action, (request: TaskStep) => guard(dependencies, request, (attempt) => handle(attempt, storeOf))],
      [
        `Wait${action}`,
        async (request: TaskStep) => {
          const result = await guard(dependencies, request, (attempt) => wait(attempt, storeOf));
          if (result.state === 'pending') throw toPendingFailure(result.seen, result.nextLookMs);
        },
      ],
    ]),
  ) as unknown as TaskActivities;
}

/** One try of an activity. */
interface Attempt {
  readonly taskId: string;
  /** The activity's type. */
  readonly activity: string;
  readonly dependencies: ActivityDependencies;
  readonly signal: AbortSignal;
  readonly point: (name: string) => Promise<void>;
  readonly log: Call['log'];
  progress: Progress;
  /** How long this activity may be tried, in milliseconds; known once the task is read. */
  limitMs: number;
  readonly startedAtMs: number;
  /** Heartbeats now, so that the latest progress survives this try; `ends` where that ends with it. */
  beat(ends: boolean): void;
}

/**
 * Round every activity of a task: heartbeats, cancellation, errors. A failure that is final is
 * written to the task's row before Temporal hears of it.
 */
async function guard<T>(
  dependencies: ActivityDependencies,
  request: TaskStep,
  work: (attempt: Attempt) => Promise<T>,
): Promise<T> {
  const { info, cancellationSignal: signal } = Context.current();
  const log = (message: string, fields?: Readonly<Record<string, unknown>>): void =>
    dependencies.log.info(message, { ...fields, task: request.taskId, activity: info.activityType });
  const attempt: Attempt = {
    taskId: request.taskId,
    activity: info.activityType,
    dependencies,
    signal,
    point: (name) => dependencies.faultPoint(`${info.activityType}:${name}`),
    log,
    progress: readProgress(new Date()),
    limitMs: Number.POSITIVE_INFINITY,
    startedAtMs: Date.now(),
    beat: (ends) => heartbeats.beat(ends),
  };
  const heartbeats = startHeartbeats(dependencies.heartbeatSeconds, () => attempt.progress);
  try {
    return await dependencies.redactor.during(async () => {
      try {
        return await work(attempt);
      } catch (error) {
        throw await settle(attempt, error);
      }
    });
  } finally {
    heartbeats.stop();
  }
}

/** Turns what was thrown into what Temporal is told, after the row was told. */
async function settle(attempt: Attempt, thrown: unknown): Promise<Error> {
  const { signal, dependencies, taskId, progress } = attempt;
  const { tasks } = dependencies.stores;
  const error = toWindlassError(thrown, dependencies.redactor);
  // A try that was taken over, or froze and woke up, must not write over what its successor does.
  if (isTryInterrupted(signal)) return toApplicationFailure(tryInterrupted(), 0);
  if (isLeaseMatter(error)) return toApplicationFailure(error, 0);
  if (isJobCancellation(signal)) {
    await recordQuietly(() => tasks.end(taskId, { status: 'cancelled', at: new Date().toISOString() }));
    return new CancelledFailure('the job was cancelled');
  }
  const failure = toApplicationFailure(error, progress.failures);
  const triedMs = progress.waitedMs + Date.now() - attempt.startedAtMs;
  attempt.progress = { ...progress, failures: progress.failures + 1, waitedMs: triedMs + delayOf(failure) };
  attempt.beat(true);
  if (isRetried(error, progress.failures) && triedMs < attempt.limitMs) {
    dependencies.log.warn('a try failed; another follows', {
      task: taskId,
      error,
      failures: progress.failures + 1,
    });
    await recordQuietly(() => tasks.recordFailure(taskId, error.toInfo()));
    return failure;
  }
  if (!(await isCurrentTry())) return toApplicationFailure(tryInterrupted(), 0);
  const last = isRetried(error, progress.failures) ? triedTooLong(error, triedMs) : error;
  await recordQuietly(async () => {
    await tasks.recordFailure(taskId, last.toInfo());
    await tasks.end(taskId, { status: 'failed', at: new Date().toISOString(), error: last.toInfo() });
  });
  return toApplicationFailure(last, progress.failures);
}

/**
 * Whether Temporal still waits for this try. A frozen process that wakes up may reach its last
 * failure before it hears that another has been given the task; only the server knows.
 */
async function isCurrentTry(): Promise<boolean> {
  const { info, client } = Context.current();
  if (info.workflowExecution === undefined) return false;
  try {
    const { workflowId, runId } = info.workflowExecution;
    const { raw } = await client.workflow.getHandle(workflowId, runId).describe();
    const pending = raw.pendingActivities?.find((activity) => activity.activityId === info.activityId);
    return pending?.attempt === info.attempt;
  } catch {
    // The server is away: whatever is said now, Temporal will try again.
    return false;
  }
}

function delayOf(failure: ApplicationFailure): number {
  return typeof failure.nextRetryDelay === 'number' ? failure.nextRetryDelay : 0;
}

/** A database that is away must not hide the error that is being reported: closing the job mends the row. */
async function recordQuietly(record: () => Promise<unknown>): Promise<void> {
  try {
    await record();
  } catch (error) {
    if (!WindlassError.isInstance(error)) throw error;
  }
}

function handle(attempt: Attempt, storeOf: TaskStoreOf): Promise<{ wait: boolean }> {
  const { identity, leaseSeconds } = attempt.dependencies;
  const effectSignal = graceful(attempt.signal);
  return handleTask({ ...toTaskAttempt(attempt, storeOf), effectSignal, identity, leaseSeconds });
}

function wait(attempt: Attempt, storeOf: TaskStoreOf): Promise<PollResult> {
  return waitForTask({
    ...toTaskAttempt(attempt, storeOf),
    pacing: PRODUCT_PACING,
    redact: (text) => attempt.dependencies.redactor.redactMessage(text),
    readProgress: () => attempt.progress,
    writeProgress: (progress, ends) => {
      attempt.progress = progress;
      attempt.beat(ends);
    },
  });
}

function toTaskAttempt(attempt: Attempt, storeOf: TaskStoreOf): TaskAttempt {
  const { callBudgets } = attempt.dependencies;
  return {
    taskId: attempt.taskId,
    store: storeOf(attempt.activity),
    log: attempt.log,
    signal: attempt.signal,
    openBudget: ({ context, provider }, signal) => callBudgets.open(context.runtime, provider, signal),
    point: attempt.point,
    onLimit: (limitMs) => {
      attempt.limitMs = limitMs;
    },
  };
}

/** The job's signal, delayed: a running effect may finish, a hanging one is given up. */
function graceful(signal: AbortSignal): AbortSignal {
  const delayed = new AbortController();
  signal.addEventListener(
    'abort',
    () => {
      const timer = setTimeout(
        () => delayed.abort(signal.reason),
        isTryInterrupted(signal) ? 0 : CANCEL_GRACE_MS,
      );
      timer.unref();
    },
    { once: true },
  );
  return delayed.signal;
}
