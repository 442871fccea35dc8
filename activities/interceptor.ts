import type { Context, Info } from '@temporalio/activity';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import { WindlassError, type ErrorInfo, type Job } from '../src/domain/index.ts';
import type { Attempt } from './attempt.ts';
import { checkAnswer } from './check-answer.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { readProgress, startHeartbeats, type HeartbeatRule } from './heartbeat.ts';
import { toWindlassError } from './report-error.ts';
import { toApplicationFailure } from './to-application-failure.ts';
import { beat, beginAttempt, endAttempt, openAttempt, type AttemptEnd } from './lost-attempts.ts';

/** How the kinds of activities differ. */
export interface ActivityKind {
  /** Lets an activity begin, with the job that it is a step of; throws the reason if it is refused. */
  admit(activity: string, input: unknown): Promise<Job | null>;
  /** Stores that an activity is abandoned, before Temporal gets the failure. */
  giveUp?(input: unknown, error: ErrorInfo): Promise<void>;
  /** When it sends heartbeats; null if it sends none. */
  heartbeats(info: Info): HeartbeatRule | null;
  /** Whether the interceptor has fault points before and after the work; tasks have their own. */
  hasFaultPoints(info: Info): boolean;
  /** Turns an error of the work into what Temporal gets; stores it first, if it must be stored. */
  fail(thrown: unknown, attempt: Attempt, input: unknown): Promise<Error>;
}

/**
 * Wraps every activity of a worker: nothing of it runs before it was checked, it is not retried forever if
 * it kills workers, it sends heartbeats while it works, its secrets are removed from everything that
 * leaves it, and its result has a size and an error that Temporal can carry. The activity gets the attempt
 * as its second argument.
 */
export function createInterceptor(
  dependencies: Pick<ActivityDependencies, 'redactor' | 'faultPoint'>,
  kindOf: (activity: string) => ActivityKind,
): ActivityInterceptorsFactory {
  const { redactor, faultPoint } = dependencies;

  async function enter(kind: ActivityKind, activity: string, input: unknown): Promise<Job | null> {
    try {
      const job = await kind.admit(activity, input);
      try {
        await beginAttempt();
      } catch (error) {
        if (!WindlassError.isInstance(error) || error.code !== 'WORKERS_LOST') throw error;
        await kind.giveUp?.(input, error.toInfo());
        throw toApplicationFailure(error, Number.POSITIVE_INFINITY);
      }
      return job;
    } catch (error) {
      if (error instanceof ApplicationFailure || error instanceof CancelledFailure) throw error;
      // Nothing of the activity has failed yet.
      throw toApplicationFailure(toWindlassError(error, redactor), 0);
    }
  }

  async function work(
    { info }: Context,
    kind: ActivityKind,
    attempt: Attempt,
    input: unknown,
    run: () => Promise<unknown>,
  ): Promise<unknown> {
    const hasPoints = kind.hasFaultPoints(info);
    try {
      if (hasPoints) await faultPoint(`${info.activityType}:begun`);
      const answer = await run();
      if (hasPoints) await faultPoint(`${info.activityType}:stored`);
      return checkAnswer(answer);
    } catch (error) {
      throw await toFailure(kind, error, attempt, input);
    }
  }

  /** An error while a failure is stored or examined is reported in the same way, and is retried. */
  async function toFailure(
    kind: ActivityKind,
    thrown: unknown,
    attempt: Attempt,
    input: unknown,
  ): Promise<Error> {
    try {
      return await kind.fail(thrown, attempt, input);
    } catch (error) {
      return toApplicationFailure(toWindlassError(error, redactor), 0);
    }
  }

  return (context) => ({
    inbound: {
      async execute(input, next) {
        const { info, cancellationSignal: signal } = context;
        const kind = kindOf(info.activityType);
        const [given] = input.args;
        openAttempt();
        try {
          const job = await enter(kind, info.activityType, given);
          const attempt: Attempt = {
            activity: info.activityType,
            number: info.attempt,
            job,
            signal,
            startedAtMs: Date.now(),
            progress: readProgress(new Date()),
            limitMs: Number.POSITIVE_INFINITY,
            beat: (ends) => beat(context, attempt.progress, ends),
          };
          opened.add(attempt);
          const stopHeartbeats = startHeartbeats(kind.heartbeats(info), () => attempt.beat(false));
          try {
            const answer = await redactor.during(() =>
              work(context, kind, attempt, given, () => next({ ...input, args: [given, attempt] })),
            );
            endAttempt('last');
            return answer;
          } finally {
            stopHeartbeats();
          }
        } catch (error) {
          endAttempt(endOf(error));
          throw error;
        }
      },
    },
  });
}

const opened = new WeakSet<object>();

/** The same activities; without the interceptor they do nothing, and throw. */
export function behindInterceptor<Activities extends object>(activities: Activities): Activities {
  const entries = Object.entries(activities as Record<string, (...args: unknown[]) => Promise<unknown>>);
  return Object.fromEntries(
    entries.map(([name, run]) => [
      name,
      async (input: unknown, attempt: unknown) => {
        if (typeof attempt !== 'object' || attempt === null || !opened.has(attempt))
          throw ApplicationFailure.nonRetryable(`${name} was run without the interceptor`, 'UNEXPECTED');
        return run(input, attempt);
      },
    ]),
  ) as Activities;
}

function endOf(error: unknown): AttemptEnd {
  if (error instanceof CancelledFailure) return 'last';
  if (!(error instanceof ApplicationFailure)) return 'retried';
  if (error.nonRetryable === true) return 'last';
  return UNTOUCHED.has(error.type ?? '') ? 'untouched' : 'retried';
}

/** Codes of attempts that never reached their own work. */
const UNTOUCHED: ReadonlySet<string> = new Set(['LEASE_HELD', 'LEASE_LOST', 'TRY_INTERRUPTED']);
