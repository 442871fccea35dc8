import { Context } from '@temporalio/activity';
import { beat } from './tries.ts';

/** What a task's activity remembers from try to try; readable in Temporal's describe. */
export interface Progress {
  readonly firstSeenAt: string;
  /** What the last look saw. */
  readonly observation: string | null;
  /** Tries that ended in an error. */
  readonly failures: number;
  /** Time in which somebody looked, in milliseconds: time without any worker does not count. */
  readonly waitedMs: number;
  readonly lastLookAt: string | null;
  readonly nextLookMs: number;
  readonly cursor: unknown;
}

export function readProgress(now: Date): Progress {
  const details: unknown = Context.current().info.heartbeatDetails;
  if (typeof details === 'object' && details !== null && 'firstSeenAt' in details) return details as Progress;
  return {
    firstSeenAt: now.toISOString(),
    observation: null,
    failures: 0,
    waitedMs: 0,
    lastLookAt: null,
    nextLookMs: 0,
    cursor: undefined,
  };
}

/**
 * Heartbeats steadily, so that a killed worker is noticed within the limit. Not at once: the limit
 * counts from the start of the try, and most activities end before anybody would miss them.
 */
export function startHeartbeats(
  heartbeatSeconds: number,
  read: () => Progress,
): { beat(ends: boolean): void; stop(): void } {
  const context = Context.current();
  const beatNow = (ends: boolean): void => beat(context, read(), ends);
  const timer = setInterval(() => beatNow(false), (heartbeatSeconds * 1000) / 4);
  return { beat: beatNow, stop: () => clearInterval(timer) };
}
