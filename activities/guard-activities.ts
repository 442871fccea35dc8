import { Context } from '@temporalio/activity';
import type { Job } from '../src/domain/index.ts';
import type { Redactor } from '../src/observability/index.ts';
import { toWindlassError } from './report-error.ts';
import { toApplicationFailure } from './to-application-failure.ts';

type Activity = (input: unknown, job: Job | null) => Promise<unknown>;

/**
 * Puts a guard before every one of `activities`, whatever they are: nothing of them runs before it
 * has let them in. What it refuses is refused for good, unless its error is of a kind that is retried.
 */
export function guardActivities<Guarded extends object>(
  activities: object,
  admit: (activity: string, input: unknown) => Promise<Job | null>,
  redactor: Redactor,
): Guarded {
  const guarded = Object.entries(activities as Record<string, Activity>).map(([name, activity]) => [
    name,
    async (...inputs: readonly unknown[]) => {
      let job: Job | null;
      try {
        job = await admit(name, inputs[0]);
      } catch (error) {
        throw toApplicationFailure(toWindlassError(error, redactor), Context.current().info.attempt - 1);
      }
      return activity(inputs[0], job);
    },
  ]);
  return Object.fromEntries(guarded) as Guarded;
}
