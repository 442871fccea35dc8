import { ApplicationFailure, CancellationScope, isCancellation } from '@temporalio/workflow';

/**
 * Whether `error` is how a cancel ended an activity or a child, and no failure of its own. Once the
 * cancel is requested Temporal tries nothing again, so whatever would have been tried again ends
 * there too: a worker that died, a look that found it pending, a lease that another held. Only an
 * error that is final is one.
 */
export function isCancelled(error: unknown): boolean {
  if (isCancellation(error)) return true;
  return CancellationScope.current().consideredCancelled && !isFinal(error);
}

function isFinal(error: unknown): boolean {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof ApplicationFailure) return cause.nonRetryable === true;
  }
  return false;
}
