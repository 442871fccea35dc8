import { RETRY_TABLE, WindlassError } from '../domain/index.ts';

const LONGEST_DELAY_MS = 30_000;
const SHORTEST_DELAY_MS = 1_000;

/** Whether a task may be retried after an error, when `failures` attempts failed before this one. */
export function isRetried(error: WindlassError, failures: number): boolean {
  if (isLeaseMatter(error)) return true;
  const rule = RETRY_TABLE[error.kind];
  return rule.retried && failures + 1 < rule.maxAttempts;
}

/**
 * How long to wait before the next attempt, in milliseconds: as the error says, otherwise longer each
 * time.
 */
export function retryDelayMs(error: WindlassError, failures: number): number {
  if (error.retryAfterMs !== undefined) return error.retryAfterMs;
  const firstMs = Math.max(RETRY_TABLE[error.kind].delayMs, SHORTEST_DELAY_MS);
  return Math.min(firstMs * 2 ** Math.min(failures, 10), LONGEST_DELAY_MS);
}

/**
 * Another worker holds the lease, or held it when it died, or has taken ours over: this attempt ends, and
 * the task has not failed.
 */
export function isLeaseMatter(error: WindlassError): boolean {
  return error.code === 'LEASE_HELD' || error.code === 'LEASE_LOST';
}

/**
 * The error of a task whose attempts have lasted longer than its timeout. Only time in which a worker
 * worked on it counts.
 */
export function triedTooLong(error: WindlassError, triedMs: number): WindlassError {
  return new WindlassError(
    'timeout',
    `attempted for ${Math.round(triedMs / 1000)} s, the last error: ${error.message}`,
    {
      code: 'TRIED_TOO_LONG',
      hint: error.hint ?? 'check whether the cloud or the node answers, then start the job again',
    },
  );
}
