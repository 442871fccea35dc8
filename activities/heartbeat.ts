import { Context } from '@temporalio/activity';
import { newProgress, type Progress } from '../src/task-runner/index.ts';

/** The data that earlier attempts left in their heartbeats; visible in Temporal's describe. */
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
 * Sends heartbeats periodically, so that a killed worker is noticed within the timeout.
 *
 * @param rule null if only the activity itself sends heartbeats.
 * @returns a function that stops them.
 */
export function startHeartbeats(rule: HeartbeatRule | null, send: () => void): () => void {
  if (rule === null) return () => {};
  if (rule.atOnce) send();
  const timer = setInterval(send, rule.everyMs);
  return () => clearInterval(timer);
}
