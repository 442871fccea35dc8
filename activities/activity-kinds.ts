import type { Info } from '@temporalio/activity';
import { CancelledFailure } from '@temporalio/common';
import { isRetried } from '../src/task-runner/index.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { failTask } from './fail-task.ts';
import { giveUpTask } from './give-up.ts';
import type { HeartbeatRule } from './heartbeat.ts';
import { checkRequest, isRequest } from './inputs/request-inputs.ts';
import type { ActivityKind } from './interceptor.ts';
import { createAdmission, isTaskStep } from './own-job.ts';
import { toWindlassError } from './report-error.ts';
import { findOtherWorker } from './requests/other-worker.ts';
import {
  isJobCancellation,
  isAttemptInterrupted,
  toApplicationFailure,
  attemptInterrupted,
} from './to-application-failure.ts';

/** Clients wait several times as long for a heartbeat. */
const REQUEST_HEARTBEATS: HeartbeatRule = { everyMs: 2_000, atOnce: true };

/**
 * The kind of every activity, by its type. An unknown type counts as a step of a job, and is refused as
 * such.
 */
export function createActivityKinds(dependencies: ActivityDependencies): (activity: string) => ActivityKind {
  const { stores, redactor, log } = dependencies;
  const owned: Pick<ActivityKind, 'admit' | 'heartbeats'> = {
    admit: createAdmission(stores),
    heartbeats: heartbeatsWithinLimit,
  };

  const task: ActivityKind = {
    ...owned,
    giveUp: (input, error) => giveUpTask(stores, (input as { readonly taskId: string }).taskId, error),
    hasFaultPoints: () => false,
    fail: (thrown, attempt, input) =>
      failTask(dependencies, (input as { readonly taskId: string }).taskId, attempt, thrown),
  };

  const step: ActivityKind = {
    ...owned,
    hasFaultPoints: ({ isLocal }) => !isLocal,
    async fail(thrown, { activity, number, signal }) {
      // An interrupted step has not failed, whatever it threw.
      if (isAttemptInterrupted(signal)) return toApplicationFailure(attemptInterrupted(), 0);
      if (isJobCancellation(signal)) return new CancelledFailure('the job was cancelled');
      const error = toWindlassError(thrown, redactor);
      const failures = number - 1;
      if (isRetried(error, failures)) log.warn('a step failed and will be retried', { activity, error });
      return toApplicationFailure(error, failures);
    },
  };

  // Never retried: the client waits for the answer. Heartbeats let the client detect a lost request.
  const request: ActivityKind = {
    async admit(name, input) {
      checkRequest(name, input);
      return null;
    },
    heartbeats: () => REQUEST_HEARTBEATS,
    hasFaultPoints: () => false,
    async fail(thrown, _attempt, input) {
      const told = await findOtherWorker(stores, thrown, input);
      return toApplicationFailure(toWindlassError(told, redactor), Number.POSITIVE_INFINITY);
    },
  };

  return (activity) => (isRequest(activity) ? request : isTaskStep(activity) ? task : step);
}

/**
 * Not at once: the heartbeat timeout counts from the start of the attempt, and most activities end before
 * one of their heartbeats would be missed.
 */
function heartbeatsWithinLimit({ heartbeatTimeoutMs = 0, isLocal }: Info): HeartbeatRule | null {
  return heartbeatTimeoutMs === 0 || isLocal ? null : { everyMs: heartbeatTimeoutMs / 4, atOnce: false };
}
