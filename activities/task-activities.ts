import { Context } from '@temporalio/activity';
import { CancelledFailure, type ApplicationFailure } from '@temporalio/common';
import type { TaskChanges } from '../src/db/index.ts';
import {
  cutText,
  MAX_OBSERVATION_CHARACTERS,
  TASK_ACTIONS,
  WindlassError,
  type Task,
  type TaskAction,
} from '../src/domain/index.ts';
import {
  createCall,
  createEffectCall,
  type Call,
  type Changes,
  type HandleResult,
} from '../src/provider/index.ts';
import type { TaskActivities, TaskStep } from '../src/protocol/index.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { readProgress, startHeartbeats, type Progress } from './heartbeat.ts';
import { withFrontgates } from './frontgate/frontgate-tasks.ts';
import { createHydrator, type Hydrator } from './hydrate.ts';
import { holdLeases } from './leases.ts';
import { lookUntil } from './look.ts';
import { otherAction, whileOpen } from './own-job.ts';
import {
  isJobCancellation,
  isLeaseMatter,
  isRetried,
  isTryInterrupted,
  toApplicationFailure,
  tryInterrupted,
} from './to-application-failure.ts';
import { toWindlassError } from './report-error.ts';

/** How long a handle may go on after its job was cancelled: an effect is not cut in the middle. */
const CANCEL_GRACE_MS = 10_000;

export function createTaskActivities(dependencies: ActivityDependencies): TaskActivities {
  const hydrator = createHydrator(dependencies);
  const actions = Object.keys(TASK_ACTIONS) as TaskAction[];
  return Object.fromEntries(
    actions.flatMap((action) => [
      [action, (request: TaskStep) => guard(dependencies, request, (attempt) => handle(attempt, hydrator))],
      [
        `Wait${action}`,
        (request: TaskStep) => guard(dependencies, request, (attempt) => wait(attempt, hydrator)),
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
  if (isPendingFailure(thrown)) return thrown;
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

/** The limit of a task holds for its tries too; only time in which somebody tried counts. */
function triedTooLong(error: WindlassError, triedMs: number): WindlassError {
  return new WindlassError(
    'timeout',
    `tried for ${Math.round(triedMs / 1000)} s, at last: ${error.message}`,
    {
      code: 'TRIED_TOO_LONG',
      hint: error.hint ?? 'see whether the cloud or the node answers, then start the job again',
    },
  );
}

/** A database that is away must not hide the error that is being reported: closing the job mends the row. */
async function recordQuietly(record: () => Promise<unknown>): Promise<void> {
  try {
    await record();
  } catch (error) {
    if (!WindlassError.isInstance(error)) throw error;
  }
}

/** More generations than any provider lists places; a provider that never ends is ended here. */
const MOST_GENERATIONS = 100;

async function handle(attempt: Attempt, hydrator: Hydrator): Promise<{ wait: boolean }> {
  for (let rounds = 0; rounds < MOST_GENERATIONS; rounds += 1) {
    const result = await handleOnce(attempt, hydrator);
    if (result !== 'again') return { wait: result === 'started' };
    attempt.signal.throwIfAborted();
  }
  throw new WindlassError('internal', `task ${attempt.taskId} begins one generation after another`, {
    code: 'GENERATIONS_WITHOUT_END',
    hint: 'the provider must end its `again` with an error; report it to its authors',
  });
}

async function handleOnce(attempt: Attempt, hydrator: Hydrator): Promise<HandleResult['state']> {
  const { dependencies, taskId, point } = attempt;
  const { stores } = dependencies;
  const { context, provider } = await begin(attempt, hydrator);
  if (context.task.status === 'successful') return 'done';
  attempt.limitMs = handleLimitMs(context.task);
  const held = await holdLeases(stores, context, dependencies);
  const signal = graceful(attempt.signal);
  try {
    await point('claimed');
    const result = await withFrontgates(dependencies, provider, hydrator).handleSubtask(
      { ...context, resources: held.resources },
      createEffectCall({
        signal,
        log: attempt.log,
        takeBudget: dependencies.callBudgets.open(context.runtime, provider, signal),
        assertHeld: (token) => held.assertHeld(token),
        isFirstClaim: (token) => held.isFirstClaim(token),
        beforeEffect: () => point('before-effect'),
        afterEffect: () => point('after-effect'),
      }),
    );
    await point('handled');
    const changes = toTaskChanges(context.task.nodeId, result.changes);
    if (result.state === 'done') {
      const at = new Date().toISOString();
      const { leases } = held;
      const end = { status: 'successful', at, changes, leases, release: true } as const;
      if (await stores.tasks.end(taskId, end)) held.markReleased();
    } else if (held.leases.length > 0 || isAnyChange(changes)) {
      // Under a lease even no change is stored: it fails where another has taken over.
      await stores.tasks.applyChanges(taskId, changes, held.leases, true);
      held.markReleased();
    }
    await point('stored');
    return result.state;
  } finally {
    await held.release();
  }
}

async function wait(attempt: Attempt, hydrator: Hydrator): Promise<void> {
  const { dependencies, taskId, point } = attempt;
  const { stores } = dependencies;
  const { context, provider } = await begin(attempt, hydrator);
  if (context.task.status === 'successful') return;
  attempt.limitMs = context.task.timeoutSeconds * 1000;
  await point('looking');
  const { signal, log } = attempt;
  const call = createCall({
    signal,
    log,
    takeBudget: dependencies.callBudgets.open(context.runtime, provider, signal),
  });
  const done = await lookUntil({
    look: async (cursor, watchMs) => {
      const cloud = withFrontgates(dependencies, provider, hydrator);
      const observation = await cloud.waitSubtask(context, { ...call, cursor, watchMs });
      // Temporal keeps it with the heartbeats, and whoever asks for the job reads it.
      return observation.state === 'pending'
        ? {
            ...observation,
            seen: cutText(dependencies.redactor.redactMessage(observation.seen), MAX_OBSERVATION_CHARACTERS),
          }
        : observation;
    },
    signal,
    limitMs: context.task.timeoutSeconds * 1000,
    label: `${context.task.action} of ${context.task.label}`,
    read: () => attempt.progress,
    write: (progress, ends) => {
      attempt.progress = progress;
      attempt.beat(ends);
    },
  });
  await point('seen');
  await stores.tasks.end(taskId, {
    status: 'successful',
    at: new Date().toISOString(),
    changes: toTaskChanges(context.task.nodeId, done.changes),
  });
  await point('stored');
}

/** Loads the task, which must be what this activity is for, of a job that is open. */
async function begin({ taskId, activity }: Attempt, hydrator: Hydrator): ReturnType<Hydrator['beginTask']> {
  const begun = await whileOpen(activity, hydrator.beginTask(taskId));
  const { task } = begun.context;
  if (activity !== task.action && activity !== `Wait${task.action}`) throw otherAction(activity, task);
  return begun;
}

function isAnyChange({ resources = [], node, metadata }: TaskChanges): boolean {
  return resources.length > 0 || node !== undefined || metadata !== undefined;
}

/** A node that cannot be reached for two minutes is not there; a cloud may throttle for longer. */
const UNREACHABLE_NODE_MS = 120_000;

function handleLimitMs(task: Task): number {
  const limitMs = task.timeoutSeconds * 1000;
  return TASK_ACTIONS[task.action].target === 'node' ? Math.min(limitMs, UNREACHABLE_NODE_MS) : limitMs;
}

function toTaskChanges(nodeId: string | null, changes: Changes = {}): TaskChanges {
  return {
    ...(changes.resources === undefined ? {} : { resources: changes.resources }),
    ...(changes.node === undefined || nodeId === null ? {} : { node: { nodeId, change: changes.node } }),
    ...(changes.metadata === undefined ? {} : { metadata: changes.metadata }),
    ...(changes.next === undefined ? {} : { next: assertGivenUp(changes) }),
  };
}

/** A generation is followed by the next only when it is gone: never two that may both exist. */
function assertGivenUp({ next = [], resources = [] }: Changes): NonNullable<Changes['next']> {
  const gone = new Set(resources.filter(({ state }) => state === 'gone').map(({ token }) => token));
  const living = next.find(({ token }) => !gone.has(token));
  if (living === undefined) return next;
  throw new WindlassError('internal', `${living.token} is to be followed before it is gone`, {
    code: 'GENERATION_NOT_GONE',
    hint: 'the provider must report a row gone in the changes that begin its next generation',
  });
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

function isPendingFailure(error: unknown): error is ApplicationFailure {
  return error instanceof Error && 'type' in error && error.type === 'PENDING';
}
