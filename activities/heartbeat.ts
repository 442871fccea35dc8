import { Context } from '@temporalio/activity';
import { newProgress, type Progress } from '../src/task-runner/index.ts';

/** What the attempts before this one left in the heartbeats; readable in Temporal's describe. */
export function readProgress(now: Date): Progress {
  const details: unknown = Context.current().info.heartbeatDetails;
  if (typeof details === 'object' && details !== null && 'firstSeenAt' in details) return details as Progress;
  return newProgress(now);
}

/** When an activity sends heartbeats. */
export interface HeartbeatRule {
  readonly everyMs: number;
  /** Whether the first one is sent at once. */
  readonly atOnce: boolean;
}

/**
 * Sends heartbeats steadily, so that a killed worker is noticed within the limit.
 *
 * @param rule null where none are sent but those that the activity asks for.
 * @returns what ends them.
 */
export function startHeartbeats(rule: HeartbeatRule | null, send: () => void): () => void {
  if (rule === null) return () => {};
  if (rule.atOnce) send();
  const timer = setInterval(send, rule.everyMs);
  return () => clearInterval(timer);
}
