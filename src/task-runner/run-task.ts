import {
  cutText,
  MAX_OBSERVATION_CHARACTERS,
  WindlassError,
  type Task,
  type TaskActionFacts,
} from '../domain/index.ts';
import {
  createCall,
  createEffectCall,
  type Call,
  type CallOptions,
  type Changes,
  type HandleResult,
  type ObserveCall,
  type Observation,
} from '../provider/index.ts';
import { holdLeases } from './leases.ts';
import { pollUntilDone, type Pacing, type PollResult, type Progress } from './poll-until-done.ts';
import type { LoadedTask, TaskStore } from './task-store.ts';

/** One attempt of a task's handle or wait, by one worker. */
export interface TaskAttempt {
  readonly taskId: string;
  readonly store: TaskStore;
  readonly log: Call['log'];
  /** Aborted when this attempt must end. */
  readonly signal: AbortSignal;
  /** The account's budget of calls; waiting for it ends when `signal` is aborted. */
  readonly openBudget: (task: LoadedTask, signal: AbortSignal) => CallOptions['takeBudget'];
  /** A named point at which a worker may die without losing anything. */
  readonly point: (name: string) => Promise<void>;
  /** Called with the task's timeout, in milliseconds, once the task is read. */
  readonly onLimit: (limitMs: number) => void;
}

export interface HandleAttempt extends TaskAttempt {
  /** Aborted later than `signal`, if an effect that has begun may still finish. */
  readonly effectSignal: AbortSignal;
  /** Identifies this worker process; part of the holder of every lease. */
  readonly identity: string;
  readonly leaseSeconds: number;
}

export interface WaitAttempt extends TaskAttempt {
  readonly pacing: Pacing;
  readonly readProgress: () => Progress;
  /** Stores it for the next attempt; `ends`: this attempt ends with it. */
  readonly writeProgress: (progress: Progress, ends: boolean) => void;
  /** Removes secrets from an observation. */
  readonly redact: (text: string) => string;
}

/** More generations than any provider has placements; a provider that never ends is ended here. */
const MOST_GENERATIONS = 100;

/**
 * Claims the rows of a task, calls its handle, and stores the changes; continues with the next generation
 * if the provider asks for it. A task that has ended successfully is not run again; the handle of an action
 * that has only a wait is not called.
 *
 * @returns whether the task needs a wait.
 * @throws unavailable `LEASE_HELD`, conflict `LEASE_LOST`, `SPEC_CHANGED`; internal
 * `GENERATIONS_WITHOUT_END`, `GENERATION_NOT_GONE`, `TASK_WITHOUT_WAIT`; the provider's errors. After a
 * failure nothing of the result is stored, and the leases are released.
 */
export async function handleTask(attempt: HandleAttempt): Promise<{ wait: boolean }> {
  for (let rounds = 0; rounds < MOST_GENERATIONS; rounds += 1) {
    const result = await handleOnce(attempt);
    if (result !== 'again') return { wait: result === 'started' };
    attempt.signal.throwIfAborted();
  }
  throw new WindlassError('internal', `task ${attempt.taskId} begins one generation after another`, {
    code: 'GENERATIONS_WITHOUT_END',
    hint: 'the provider must end its `again` with an error; report it to its authors',
  });
}

async function handleOnce(attempt: HandleAttempt): Promise<HandleResult['state']> {
  const { store, taskId, point, effectSignal: signal } = attempt;
  const loaded = await store.load(taskId);
  const { context, facts } = loaded;
  if (isSettled(context.task)) return 'done';
  if (facts.wait === 'only') return 'started';
  attempt.onLimit(handleLimitMs(context.task, facts));
  const held = await holdLeases(store.leases, context, attempt);
  try {
    await point('claimed');
    const result = await loaded.subtasks.handleSubtask(
      { ...context, resources: held.resources },
      createEffectCall({
        signal,
        log: attempt.log,
        takeBudget: attempt.openBudget(loaded, signal),
        assertHeld: (token) => held.assertHeld(token),
        isFirstClaim: (token) => held.isFirstClaim(token),
        beforeEffect: () => point('before-effect'),
        afterEffect: () => point('after-effect'),
      }),
    );
    await point('handled');
    if (facts.wait === 'never' && result.state === 'started') throw neverDone(context.task);
    const changes = checkChanges(result.changes);
    if (result.state === 'done') {
      if (await store.succeed(context.task, changes, held.leases)) held.markReleased();
    } else if (held.leases.length > 0 || Object.keys(changes).length > 0) {
      // Under a lost lease no change is stored: it fails if another worker has taken over.
      await store.storeChanges(context.task, changes, held.leases);
      held.markReleased();
    }
    await point('stored');
    return result.state;
  } finally {
    await held.release();
  }
}

/**
 * Observes a task until it is done, and ends it with its changes.
 *
 * @throws timeout `WAIT_LIMIT` after the task's timeout; the provider's errors.
 */
export async function waitForTask(attempt: WaitAttempt): Promise<PollResult> {
  const { store, taskId, point } = attempt;
  const loaded = await store.load(taskId);
  const { task } = loaded.context;
  if (isSettled(task)) return { state: 'done' };
  if (loaded.facts.wait === 'never') throw nothingToWaitFor(task);
  const limitMs = Math.min(task.timeoutSeconds * 1000, attempt.pacing.limitMs);
  attempt.onLimit(limitMs);
  await point('looking');
  const { signal, log } = attempt;
  const call = createCall({ signal, log, takeBudget: attempt.openBudget(loaded, signal) });
  const result = await pollUntilDone({
    look: async (cursor, watchMs) => {
      const observation = await observeTask(loaded, { ...call, cursor, watchMs });
      // It is stored with the task's progress, and shown to every user who reads the job.
      return observation.state === 'pending'
        ? { ...observation, seen: cutText(attempt.redact(observation.seen), MAX_OBSERVATION_CHARACTERS) }
        : observation;
    },
    signal,
    limitMs,
    label: `${task.action} of ${task.label}`,
    pacing: attempt.pacing,
    read: attempt.readProgress,
    write: attempt.writeProgress,
  });
  if (result.state === 'pending') return result;
  await point('seen');
  await store.succeed(task, checkChanges(result.changes), []);
  await point('stored');
  return result;
}

/** Polls a task once; stores nothing. @throws the provider's errors. */
export async function observeTask(
  { context, subtasks }: LoadedTask,
  call: ObserveCall,
): Promise<Observation> {
  return subtasks.waitSubtask(context, call);
}

/** A task that was skipped while an attempt of it was running is not run either. */
function isSettled({ status }: Task): boolean {
  return status === 'successful' || status === 'skipped';
}

/** A node that cannot be reached for two minutes counts as gone; a cloud may throttle for longer. */
const UNREACHABLE_NODE_MS = 120_000;

function handleLimitMs(task: Task, { by }: TaskActionFacts): number {
  const limitMs = task.timeoutSeconds * 1000;
  return by === 'node' ? Math.min(limitMs, UNREACHABLE_NODE_MS) : limitMs;
}

/** Nothing of the result is stored: the wait that it asks for does not exist. */
function neverDone({ taskId, action }: Task): WindlassError {
  return new WindlassError('internal', `the handle of task ${taskId} (${action}) says started, not done`, {
    code: 'TASK_WITHOUT_WAIT',
    hint: `${action} has no wait: its handle must say done, or fail`,
  });
}

function nothingToWaitFor({ taskId, action }: Task): WindlassError {
  return new WindlassError('internal', `${action} is done at once: task ${taskId} has nothing to wait for`, {
    code: 'TASK_WITHOUT_WAIT',
  });
}

/** A generation is followed by the next only when it is gone: there are never two that may both exist. */
function checkChanges(changes: Changes = {}): Changes {
  const { next = [], resources = [] } = changes;
  const gone = new Set(resources.filter(({ state }) => state === 'gone').map(({ token }) => token));
  const living = next.find(({ token }) => !gone.has(token));
  if (living === undefined) return changes;
  throw new WindlassError('internal', `${living.token} would get a successor before it is gone`, {
    code: 'GENERATION_NOT_GONE',
    hint: 'the provider must report a row gone in the changes that begin its next generation',
  });
}
