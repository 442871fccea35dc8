import { Context } from '@temporalio/activity';
import { CancelledFailure, type ApplicationFailure } from '@temporalio/common';
import { WindlassError } from '../src/domain/index.ts';
import { isLeaseMatter, isRetried, triedTooLong } from '../src/task-runner/index.ts';
import type { Attempt } from './attempt.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { toWindlassError } from './report-error.ts';
import {
  isJobCancellation,
  isAttemptInterrupted,
  Pending,
  toApplicationFailure,
  toPendingFailure,
  attemptInterrupted,
} from './to-application-failure.ts';

/**
 * Turns an error of a handle or a wait into what Temporal gets. A final failure is written to the task's
 * row before Temporal gets it.
 */
export async function failTask(
  dependencies: ActivityDependencies,
  taskId: string,
  attempt: Attempt,
  thrown: unknown,
): Promise<Error> {
  if (thrown instanceof Pending) return toPendingFailure(thrown);
  const { signal, progress } = attempt;
  const { tasks } = dependencies.stores;
  const error = toWindlassError(thrown, dependencies.redactor);
  // An attempt that was taken over, or was frozen and continues, must not overwrite its successor's
  // results.
  if (isAttemptInterrupted(signal)) return toApplicationFailure(attemptInterrupted(), 0);
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
    dependencies.log.warn('an attempt failed; another follows', {
      task: taskId,
      error,
      failures: progress.failures + 1,
    });
    await recordQuietly(() => tasks.recordFailure(taskId, error.toInfo()));
    return failure;
  }
  if (!(await isCurrentAttempt())) return toApplicationFailure(attemptInterrupted(), 0);
  const last = isRetried(error, progress.failures) ? triedTooLong(error, triedMs) : error;
  await recordQuietly(async () => {
    await tasks.recordFailure(taskId, last.toInfo());
    await tasks.end(taskId, { status: 'failed', at: new Date().toISOString(), error: last.toInfo() });
  });
  return toApplicationFailure(last, progress.failures);
}

/**
 * Whether Temporal still waits for this attempt. A frozen process that continues may reach its last
 * failure before it knows that the task was given to another; only the server knows.
 */
async function isCurrentAttempt(): Promise<boolean> {
  const { info, client } = Context.current();
  if (info.workflowExecution === undefined) return false;
  try {
    const { workflowId, runId } = info.workflowExecution;
    const { raw } = await client.workflow.getHandle(workflowId, runId).describe();
    const pending = raw.pendingActivities?.find((activity) => activity.activityId === info.activityId);
    return pending?.attempt === info.attempt;
  } catch {
    // The server is away: whatever is reported now, Temporal will retry.
    return false;
  }
}

function delayOf(failure: ApplicationFailure): number {
  return typeof failure.nextRetryDelay === 'number' ? failure.nextRetryDelay : 0;
}

/** A database that is away must not hide the reported error: closing the job corrects the row. */
async function recordQuietly(record: () => Promise<unknown>): Promise<void> {
  try {
    await record();
  } catch (error) {
    if (!WindlassError.isInstance(error)) throw error;
  }
}
