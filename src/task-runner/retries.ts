import { RETRY_TABLE, WindlassError } from '../domain/index.ts';

const LONGEST_DELAY_MS = 30_000;
const SHORTEST_DELAY_MS = 1_000;

/** Whether a task may be tried again after an error, when `failures` attempts failed before this one. */
export function isRetried(error: WindlassError, failures: number): boolean {
  if (isLeaseMatter(error)) return true;
  const rule = RETRY_TABLE[error.kind];
  return rule.retried && failures + 1 < rule.maxTries;
}

/** How long to wait before the next attempt, in milliseconds: what the error says, else longer each time. */
export function retryDelayMs(error: WindlassError, failures: number): number {
  if (error.retryAfterMs !== undefined) return error.retryAfterMs;
  const firstMs = Math.max(RETRY_TABLE[error.kind].delayMs, SHORTEST_DELAY_MS);
  return Math.min(firstMs * 2 ** Math.min(failures, 10), LONGEST_DELAY_MS);
}

/**
 * Another worker holds the lease, or held it when it died, or has taken ours over: this attempt
 * ends, and that is no failure of the task.
 */
export function isLeaseMatter(error: WindlassError): boolean {
  return error.code === 'LEASE_HELD' || error.code === 'LEASE_LOST';
}

/**
 * The error of a task whose attempts have lasted longer than its limit. Only time in which a worker
 * tried counts.
 */
export function triedTooLong(error: WindlassError, triedMs: number): WindlassError {
  return new WindlassError(
    'timeout',
    `tried for ${Math.round(triedMs / 1000)} s, at last: ${error.message}`,
    {
      code: 'TRIED_TOO_LONG',
      hint: error.hint ?? 'see whether the cloud or the node answers, then start the job again',
    },
  );
}
