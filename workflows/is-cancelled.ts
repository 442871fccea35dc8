import { ApplicationFailure, CancellationScope, isCancellation } from '@temporalio/workflow';

/**
 * Whether `error` means that a cancel ended an activity or a child, and not a failure of its own. After a
 * cancel is requested Temporal does not retry, so everything that would have been retried ends there too:
 * a worker that died, a poll that found the effect pending, a lease that another worker held. Only a final
 * error is a failure.
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
