import { TASK_ACTION_NAMES, WindlassError } from '../src/domain/index.ts';
import type { TaskActivities, TaskStep } from '../src/protocol/index.ts';
import {
  handleTask,
  PRODUCT_PACING,
  waitForTask,
  type PollResult,
  type TaskAttempt,
} from '../src/task-runner/index.ts';
import type { Attempt, Attempted } from './attempt.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { createContextLoader } from './load-context.ts';
import { isRequest } from './inputs/request-inputs.ts';
import { isTaskStep } from './own-job.ts';
import { createTaskStores, type TaskStoreOf } from './task-store.ts';
import { isAttemptInterrupted, Pending } from './to-application-failure.ts';

/** How long a handle may continue after its job was cancelled: an effect is not interrupted. */
const CANCEL_GRACE_MS = 10_000;

/**
 * The handle and the wait of every task action: of the common ones, and of those that the providers of
 * this worker bring. Two providers may have one of the same name: each runs its own tasks.
 *
 * @throws invalid-input `TASK_ACTION_NAME` where a provider's action is called like another activity.
 */
export function createTaskActivities(dependencies: ActivityDependencies): Attempted<TaskActivities> {
  const storeOf = createTaskStores(dependencies, createContextLoader(dependencies));
  const own = dependencies.providers.list().flatMap(({ tasks = {} }) => Object.keys(tasks));
  const taken = own.find((action) => isRequest(action) || !isTaskStep(action));
  if (taken !== undefined) throw nameTaken(taken);
  const actions = [...new Set([...TASK_ACTION_NAMES, ...own])];
  return Object.fromEntries(
    actions.flatMap((action) => [
      [
        action,
        ({ taskId }: TaskStep, attempt: Attempt) => handle({ taskId, attempt, dependencies, storeOf }),
      ],
      [
        `Wait${action}`,
        async ({ taskId }: TaskStep, attempt: Attempt) => {
          const result = await wait({ taskId, attempt, dependencies, storeOf });
          if (result.state === 'pending') throw new Pending(result.seen, result.nextLookMs);
        },
      ],
    ]),
  ) as unknown as Attempted<TaskActivities>;
}

function nameTaken(action: string): WindlassError {
  return new WindlassError('invalid-input', `no task action of a provider can be called ${action}`, {
    code: 'TASK_ACTION_NAME',
    hint: 'windlass has an activity of this name; the provider must choose another',
  });
}

/** An attempt of the handle or the wait of a task. */
interface TaskActivity {
  readonly taskId: string;
  readonly attempt: Attempt;
  readonly dependencies: ActivityDependencies;
  readonly storeOf: TaskStoreOf;
}

function handle(one: TaskActivity): Promise<{ wait: boolean }> {
  const { identity, leaseSeconds } = one.dependencies;
  const effectSignal = graceful(one.attempt.signal);
  return handleTask({ ...toTaskAttempt(one), effectSignal, identity, leaseSeconds });
}

function wait(one: TaskActivity): Promise<PollResult> {
  const { attempt, dependencies } = one;
  return waitForTask({
    ...toTaskAttempt(one),
    pacing: PRODUCT_PACING,
    redact: (text) => dependencies.redactor.redactMessage(text),
    readProgress: () => attempt.progress,
    writeProgress: (progress, ends) => {
      attempt.progress = progress;
      attempt.beat(ends);
    },
  });
}

function toTaskAttempt({ taskId, attempt, dependencies, storeOf }: TaskActivity): TaskAttempt {
  const { callBudgets, faultPoint, log } = dependencies;
  const { activity, signal } = attempt;
  return {
    taskId,
    store: storeOf(activity),
    log: (message, fields) => log.info(message, { ...fields, task: taskId, activity }),
    signal,
    openBudget: ({ context, provider }, budgetSignal) =>
      callBudgets.open(context.runtime, provider, budgetSignal),
    point: (name) => faultPoint(`${activity}:${name}`),
    onLimit: (limitMs) => {
      attempt.limitMs = limitMs;
    },
  };
}

/** The job's signal, delayed: a running effect may finish, a hanging one is aborted. */
function graceful(signal: AbortSignal): AbortSignal {
  const delayed = new AbortController();
  signal.addEventListener(
    'abort',
    () => {
      const timer = setTimeout(
        () => delayed.abort(signal.reason),
        isAttemptInterrupted(signal) ? 0 : CANCEL_GRACE_MS,
      );
      timer.unref();
    },
    { once: true },
  );
  return delayed.signal;
}
