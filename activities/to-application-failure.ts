import { ApplicationFailure, ApplicationFailureCategory, CancelledFailure } from '@temporalio/common';
import { RETRY_TABLE, WindlassError } from '../src/domain/index.ts';
import type { Redactor } from '../src/observability/index.ts';

/** What a worker that is shutting down gives as the reason of a cancellation. */
const WORKER_SHUTDOWN = 'WORKER_SHUTDOWN';

/**
 * Anything thrown, as one of the closed list, with every known secret masked. A message of unknown
 * origin is kept: it names the defect.
 */
export function toWindlassError(error: unknown, redactor: Redactor): WindlassError {
  const known = WindlassError.isInstance(error)
    ? error
    : new WindlassError('internal', error instanceof Error ? error.message : String(error), {
        code: 'UNEXPECTED',
      });
  const { message, hint, details, ...info } = known.toInfo();
  return WindlassError.fromInfo({
    ...info,
    message: redactor.redactText(message),
    ...(hint === undefined ? {} : { hint: redactor.redactText(hint) }),
    ...(details === undefined
      ? {}
      : { details: details.map((detail) => ({ ...detail, message: redactor.redactText(detail.message) })) }),
  });
}

/** Whether an activity that failed `failures` times before may be tried again. */
export function isRetried(error: WindlassError, failures: number): boolean {
  const rule = RETRY_TABLE[error.kind];
  return rule.retried && failures + 1 < rule.maxTries;
}

/**
 * The only place where a WindlassError becomes a Temporal failure. Its type is the code, its
 * first detail the ErrorInfo. A retried one always says when.
 */
export function toApplicationFailure(error: WindlassError, failures: number): ApplicationFailure {
  const retried = isRetried(error, failures);
  return ApplicationFailure.create({
    message: error.message,
    type: error.code,
    nonRetryable: !retried,
    details: [error.toInfo()],
    ...(retried
      ? { nextRetryDelay: error.retryAfterMs ?? backOff(RETRY_TABLE[error.kind].delayMs, failures) }
      : {}),
    ...(isLeaseWait(error) ? { category: ApplicationFailureCategory.BENIGN } : {}),
  });
}

/** A look that found it not there yet: no error, only the engine's way to free the slot. */
export function toPendingFailure(seen: string, nextLookMs: number): ApplicationFailure {
  return ApplicationFailure.create({
    message: seen,
    type: 'PENDING',
    category: ApplicationFailureCategory.BENIGN,
    nextRetryDelay: nextLookMs,
  });
}

/** Another worker holds the lease, or held it when it died: waiting for it is no failure. */
export function isLeaseWait(error: WindlassError): boolean {
  return error.code === 'LEASE_HELD';
}

/** True when the job was cancelled; a worker's shutdown is no reason to end a task. */
export function isJobCancellation(signal: AbortSignal): boolean {
  return signal.aborted && !isWorkerShutdown(signal);
}

export function isWorkerShutdown(signal: AbortSignal): boolean {
  return signal.reason instanceof CancelledFailure && signal.reason.message === WORKER_SHUTDOWN;
}

const MAX_BACK_OFF_MS = 30_000;

function backOff(delayMs: number, failures: number): number {
  return Math.min(delayMs * 2 ** Math.min(failures, 10), MAX_BACK_OFF_MS);
}
