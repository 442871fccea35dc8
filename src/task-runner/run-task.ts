import {
  cutText,
  MAX_OBSERVATION_CHARACTERS,
  TASK_ACTIONS,
  WindlassError,
  type Task,
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
  /** Aborted when nothing more is wanted of this attempt. */
  readonly signal: AbortSignal;
  /** The account's budget of calls, waited for until `signal` is aborted. */
  readonly openBudget: (task: LoadedTask, signal: AbortSignal) => CallOptions['takeBudget'];
  /** A named place where a worker may die and nothing may be lost. */
  readonly point: (name: string) => Promise<void>;
  /** Told how long the task may be tried, in milliseconds, once the task is read. */
  readonly onLimit: (limitMs: number) => void;
}

export interface HandleAttempt extends TaskAttempt {
  /** Aborted later than `signal`, where an effect that has begun may still finish. */
  readonly effectSignal: AbortSignal;
  /** Of this worker process; part of the holder of every lease. */
  readonly identity: string;
  readonly leaseSeconds: number;
}

export interface WaitAttempt extends TaskAttempt {
  readonly pacing: Pacing;
  readonly readProgress: () => Progress;
  /** Keeps it for the next attempt; `ends`: this attempt ends with it. */
  readonly writeProgress: (progress: Progress, ends: boolean) => void;
  /** Takes secrets out of what was seen. */
  readonly redact: (text: string) => string;
}

/** More generations than any provider lists places; a provider that never ends is ended here. */
const MOST_GENERATIONS = 100;

/**
 * Claims the rows of a task, has it handled, and stores what changed; goes on to the next generation
 * where the provider asks for it. A task that has ended successfully is left alone.
 *
 * @returns whether the task must be waited for.
 * @throws unavailable `LEASE_HELD`, conflict `LEASE_LOST`, `SPEC_CHANGED`; internal
 *   `GENERATIONS_WITHOUT_END`, `GENERATION_NOT_GONE`; whatever the provider throws. After a failure
 *   nothing of the answer is stored, and the leases are given back.
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
  const { context } = loaded;
  if (isSettled(context.task)) return 'done';
  attempt.onLimit(handleLimitMs(context.task));
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
    const changes = checkChanges(result.changes);
    if (result.state === 'done') {
      if (await store.succeed(context.task, changes, held.leases)) held.markReleased();
    } else if (held.leases.length > 0 || Object.keys(changes).length > 0) {
      // Under a lease even no change is stored: it fails where another has taken over.
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
 * Observes a task until it is done, and ends it with what changed.
 *
 * @throws timeout `WAIT_LIMIT` after the task's limit; whatever the provider throws.
 */
export async function waitForTask(attempt: WaitAttempt): Promise<PollResult> {
  const { store, taskId, point } = attempt;
  const loaded = await store.load(taskId);
  const { task } = loaded.context;
  if (isSettled(task)) return { state: 'done' };
  const limitMs = Math.min(task.timeoutSeconds * 1000, attempt.pacing.limitMs);
  attempt.onLimit(limitMs);
  await point('looking');
  const { signal, log } = attempt;
  const call = createCall({ signal, log, takeBudget: attempt.openBudget(loaded, signal) });
  const result = await pollUntilDone({
    look: async (cursor, watchMs) => {
      const observation = await observeTask(loaded, { ...call, cursor, watchMs });
      // It is kept with the task's progress, and shown to everyone who asks for the job.
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

/** One look at a task; stores nothing. @throws whatever the provider throws. */
export async function observeTask(
  { context, subtasks }: LoadedTask,
  call: ObserveCall,
): Promise<Observation> {
  return subtasks.waitSubtask(context, call);
}

/** A task that was skipped while an attempt of it was on its way is left alone likewise. */
function isSettled({ status }: Task): boolean {
  return status === 'successful' || status === 'skipped';
}

/** A node that cannot be reached for two minutes is not there; a cloud may throttle for longer. */
const UNREACHABLE_NODE_MS = 120_000;

function handleLimitMs(task: Task): number {
  const limitMs = task.timeoutSeconds * 1000;
  return TASK_ACTIONS[task.action].by === 'node' ? Math.min(limitMs, UNREACHABLE_NODE_MS) : limitMs;
}

/** A generation is followed by the next only when it is gone: never two that may both exist. */
function checkChanges(changes: Changes = {}): Changes {
  const { next = [], resources = [] } = changes;
  const gone = new Set(resources.filter(({ state }) => state === 'gone').map(({ token }) => token));
  const living = next.find(({ token }) => !gone.has(token));
  if (living === undefined) return changes;
  throw new WindlassError('internal', `${living.token} is to be followed before it is gone`, {
    code: 'GENERATION_NOT_GONE',
    hint: 'the provider must report a row gone in the changes that begin its next generation',
  });
}
