import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { WindlassError, type ErrorInfo, type Job } from '../src/domain/index.ts';
import type { Redactor } from '../src/observability/index.ts';
import { toWindlassError } from './report-error.ts';
import { toApplicationFailure } from './to-application-failure.ts';
import { beginTry, endTry, openTry, type TryEnd } from './tries.ts';

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
        endTry('last');
        return answer;
      } catch (error) {
        endTry(endOf(error));
        throw error;
      }
    },
  ]);
  return Object.fromEntries(guarded) as Guarded;
}

function endOf(error: unknown): TryEnd {
  if (error instanceof CancelledFailure) return 'last';
  if (!(error instanceof ApplicationFailure)) return 'retried';
  if (error.nonRetryable === true) return 'last';
  return UNTOUCHED.has(error.type ?? '') ? 'untouched' : 'retried';
}

/** Codes of tries that never came to what they are for. */
const UNTOUCHED: ReadonlySet<string> = new Set(['LEASE_HELD', 'LEASE_LOST', 'TRY_INTERRUPTED']);

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
