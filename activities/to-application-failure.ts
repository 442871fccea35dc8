import { ApplicationFailure, ApplicationFailureCategory, CancelledFailure } from '@temporalio/common';
import { WindlassError } from '../src/domain/index.ts';
import { isLeaseMatter, isRetried, retryDelayMs } from '../src/task-runner/index.ts';

/**
 * The only place where a WindlassError becomes a Temporal failure. Its type is the code, its
 * first detail the ErrorInfo. A retried one always says when.
 */
export function toApplicationFailure(error: WindlassError, failures: number): ApplicationFailure {
  const retried = isRetried(error, failures);
  const failure = ApplicationFailure.create({
    message: error.message,
    type: error.code,
    nonRetryable: !retried,
    details: [error.toInfo()],
    ...(retried ? { nextRetryDelay: retryDelayMs(error, failures) } : {}),
    ...(isLeaseMatter(error) ? { category: ApplicationFailureCategory.BENIGN } : {}),
  });
  // It would only tell where this code is installed, and repeat the message.
  failure.stack = '';
  return failure;
}

/** Thrown where a poll found that the effect is not there yet. */
export class Pending extends Error {
  readonly nextPollMs: number;

  /** @param seen what was found instead, redacted. */
  constructor(seen: string, nextPollMs: number) {
    super(seen);
    this.nextPollMs = nextPollMs;
  }
}

/** What Temporal is told of it: no error, only how the slot is freed until the next poll. */
export function toPendingFailure({ message, nextPollMs }: Pending): ApplicationFailure {
  return ApplicationFailure.create({
    message,
    type: 'PENDING',
    category: ApplicationFailureCategory.BENIGN,
    nextRetryDelay: nextPollMs,
  });
}

/** What Temporal gives as the reason when the job, and not only this try, is over. */
const CANCELLED = 'CANCELLED';

/** True when the job was cancelled. */
export function isJobCancellation(signal: AbortSignal): boolean {
  return signal.reason instanceof CancelledFailure && signal.reason.message === CANCELLED;
}

/**
 * True when this try is over but the task is not: the worker shuts down, or Temporal gave the task
 * to another because this one was silent for too long.
 */
export function isTryInterrupted(signal: AbortSignal): boolean {
  return signal.aborted && !isJobCancellation(signal);
}

/** The end of such a try. */
export function tryInterrupted(): WindlassError {
  return new WindlassError('unavailable', 'this try was interrupted; another one goes on', {
    code: 'TRY_INTERRUPTED',
    retryAfterMs: 100,
  });
}
