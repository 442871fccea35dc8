import { Context } from '@temporalio/activity';
import { newProgress, type Progress } from '../src/task-runner/index.ts';
import { beat } from './tries.ts';

/** What the attempts before this one left in the heartbeats; readable in Temporal's describe. */
export function readProgress(now: Date): Progress {
  const details: unknown = Context.current().info.heartbeatDetails;
  if (typeof details === 'object' && details !== null && 'firstSeenAt' in details) return details as Progress;
  return newProgress(now);
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
