import { ApplicationFailure, ApplicationFailureCategory, CancelledFailure } from '@temporalio/common';
import { WindlassError } from '../src/domain/index.ts';
import { isLeaseMatter, isRetried, retryDelayMs } from '../src/task-runner/index.ts';

/**
 * The only place where a WindlassError becomes a Temporal failure. Its type is the code, its first detail
 * the ErrorInfo. A retryable one always has its next delay.
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
  // A stack would only show where this code is installed, and repeat the message.
  failure.stack = '';
  return failure;
}

/** Thrown when a poll found that the effect is not complete yet. */
export class Pending extends Error {
  readonly nextPollMs: number;

  /** @param seen the observed state, redacted. */
  constructor(seen: string, nextPollMs: number) {
    super(seen);
    this.nextPollMs = nextPollMs;
  }
}

/** What Temporal gets: not an error, only a way to free the slot until the next poll. */
export function toPendingFailure({ message, nextPollMs }: Pending): ApplicationFailure {
  return ApplicationFailure.create({
    message,
    type: 'PENDING',
    category: ApplicationFailureCategory.BENIGN,
    nextRetryDelay: nextPollMs,
  });
}

/** Temporal's reason when the job, and not only this attempt, is over. */
const CANCELLED = 'CANCELLED';

/** True when the job was cancelled. */
export function isJobCancellation(signal: AbortSignal): boolean {
  return signal.reason instanceof CancelledFailure && signal.reason.message === CANCELLED;
}

/**
 * True when this attempt is over but the task is not: the worker shuts down, or Temporal gave the task to
 * another worker because this one was silent for too long.
 */
export function isAttemptInterrupted(signal: AbortSignal): boolean {
  return signal.aborted && !isJobCancellation(signal);
}

/** The end of such an attempt. */
export function attemptInterrupted(): WindlassError {
  return new WindlassError('unavailable', 'this attempt was interrupted; another one continues', {
    code: 'TRY_INTERRUPTED',
    retryAfterMs: 100,
  });
}
