import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { WindlassError, type ErrorInfo, type Job } from '../src/domain/index.ts';
import type { Redactor } from '../src/observability/index.ts';
import { toWindlassError } from './report-error.ts';
import { toApplicationFailure } from './to-application-failure.ts';
import { beginTry, endTry, openTry } from './tries.ts';

/** What stands before activities. */
export interface ActivityGuard {
  /** Lets an activity begin, with the job that it is a step of; throws what it is refused for. */
  admit(activity: string, input: unknown): Promise<Job | null>;
  /** Stores that an activity is given up, before Temporal hears of it. */
  giveUp?(activity: string, input: unknown, job: Job | null, error: ErrorInfo): Promise<void>;
}

type Activity = (input: unknown, job: Job | null) => Promise<unknown>;

/**
 * Puts a guard before every one of `activities`, whatever they are: nothing of them runs before it
 * has let them in, and none is tried for ever where workers are lost over it.
 */
export function guardActivities<Guarded extends object>(
  activities: object,
  guard: ActivityGuard,
  redactor: Redactor,
): Guarded {
  const guarded = Object.entries(activities as Record<string, Activity>).map(([name, activity]) => [
    name,
    async (...inputs: readonly unknown[]) => {
      const [input] = inputs;
      openTry();
      try {
        const job = await enter(guard, name, input, redactor);
        const answer = await activity(input, job);
        endTry(false);
        return answer;
      } catch (error) {
        const final = error instanceof ApplicationFailure && error.nonRetryable === true;
        endTry(!final && !(error instanceof CancelledFailure));
        throw error;
      }
    },
  ]);
  return Object.fromEntries(guarded) as Guarded;
}

async function enter(
  guard: ActivityGuard,
  activity: string,
  input: unknown,
  redactor: Redactor,
): Promise<Job | null> {
  try {
    const job = await guard.admit(activity, input);
    try {
      await beginTry();
    } catch (error) {
      if (!WindlassError.isInstance(error) || error.code !== 'WORKERS_LOST') throw error;
      await guard.giveUp?.(activity, input, job, error.toInfo());
      throw toApplicationFailure(error, Number.POSITIVE_INFINITY);
    }
    return job;
  } catch (error) {
    if (error instanceof ApplicationFailure || error instanceof CancelledFailure) throw error;
    // Nothing of the activity has failed yet.
    throw toApplicationFailure(toWindlassError(error, redactor), 0);
  }
}
