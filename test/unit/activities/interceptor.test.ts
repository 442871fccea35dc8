import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { describe, expect, it } from 'vitest';
import { createActivityKinds } from '../../../activities/activity-kinds.ts';
import type { Attempt } from '../../../activities/attempt.ts';
import { behindInterceptor, createInterceptor, type ActivityKind } from '../../../activities/interceptor.ts';
import { toWindlassError } from '../../../activities/report-error.ts';
import { toApplicationFailure } from '../../../activities/to-application-failure.ts';
import { MAX_ANSWER_BYTES, WindlassError, type ErrorInfo } from '../../../src/domain/index.ts';
import { createRedactor } from '../../../src/observability/index.ts';
import { guardActivitiesOver } from './guarded-activities.ts';

interface Ran {
  readonly answer?: unknown;
  readonly error?: ErrorInfo;
  /** Whether Temporal is to try it again. */
  readonly retried?: boolean;
  readonly cancelled?: true;
  readonly points: readonly string[];
  readonly heartbeats: number;
}

async function runBehind(
  activity: (input: unknown, attempt: Attempt) => Promise<unknown>,
  kind: Partial<ActivityKind> = {},
  cancelledFor?: 'CANCELLED' | 'WORKER_SHUTDOWN',
): Promise<Ran> {
  const redactor = createRedactor();
  const points: string[] = [];
  let heartbeats = 0;
  const interceptor = createInterceptor(
    { redactor, faultPoint: async (point) => void points.push(point) },
    () => ({
      admit: async () => null,
      heartbeats: () => null,
      hasFaultPoints: () => true,
      fail: async (thrown) => toApplicationFailure(toWindlassError(thrown, redactor), 0),
      ...kind,
    }),
  );
  const environment = new MockActivityEnvironment(
    { activityType: 'Work', attempt: 3, heartbeatDetails: { attempts: { ended: 2, begun: 0 } } },
    { logger: new DefaultLogger('ERROR', () => undefined), interceptors: [interceptor] },
  );
  environment.on('heartbeat', () => (heartbeats += 1));
  if (cancelledFor !== undefined) environment.cancel(cancelledFor);
  const { work } = behindInterceptor({ work: activity });
  try {
    const answer: unknown = await environment.run(work as (input: unknown) => Promise<unknown>, 'given');
    return { answer, points, heartbeats };
  } catch (thrown) {
    if (thrown instanceof CancelledFailure) return { cancelled: true, points, heartbeats };
    if (!(thrown instanceof ApplicationFailure)) throw thrown;
    const error = thrown.details?.[0] as ErrorInfo;
    return { error, retried: thrown.nonRetryable !== true, points, heartbeats };
  }
}

describe('an activity behind the interceptor', () => {
  it('gets its input and its attempt, between the two fault points', async () => {
    const ran = await runBehind(async (input, { activity, number, job }) => [input, activity, number, job]);
    expect(ran).toEqual({
      answer: ['given', 'Work', 3, null],
      points: ['Work:begun', 'Work:stored'],
      heartbeats: 0,
    });
  });

  it('fails with an error of the closed list, and does not pass the second point', async () => {
    const ran = await runBehind(async () => {
      throw new Error('broken');
    });
    expect(ran).toMatchObject({ error: { kind: 'internal', code: 'UNEXPECTED' }, points: ['Work:begun'] });
  });

  it('says that its answer is too large for Temporal', async () => {
    const ran = await runBehind(async () => 'x'.repeat(MAX_ANSWER_BYTES));
    expect(ran.error).toMatchObject({ code: 'ANSWER_TOO_LARGE' });
  });

  it('does nothing where it is not let in', async () => {
    const ran = await runBehind(async () => 'done', {
      admit: async () => {
        throw new Error('not yours');
      },
    });
    expect(ran.error?.message).toBe('not yours');
    expect(ran.points).toEqual([]);
  });

  it('also reports what goes wrong while its failure is stored', async () => {
    const ran = await runBehind(
      async () => {
        throw new Error('broken');
      },
      {
        fail: async () => {
          throw new Error('no answer from postgres://windlass:planted-value@db/windlass');
        },
      },
    );
    expect(ran).toMatchObject({ error: { code: 'UNEXPECTED' }, retried: true });
    expect(JSON.stringify(ran)).not.toContain('planted-value');
  });

  it('sends its first heartbeat at once where its kind asks for that', async () => {
    const ran = await runBehind(async () => 'done', {
      heartbeats: () => ({ everyMs: 60_000, atOnce: true }),
    });
    expect(ran.heartbeats).toBe(1);
  });
});

describe('a step of a job', () => {
  const log = { info: () => undefined, warn: () => undefined };
  const kinds = createActivityKinds({ stores: {}, redactor: createRedactor(), log } as never);
  const step = { ...kinds('BeginJob'), admit: async () => null };
  async function endEarly(): Promise<never> {
    throw new WindlassError('cancelled', 'the provider has heard the signal', { code: 'CALL_CANCELLED' });
  }

  it('is tried again where the worker that ran it stops', async () => {
    expect(await runBehind(endEarly, step, 'WORKER_SHUTDOWN')).toMatchObject({
      error: { code: 'TRY_INTERRUPTED' },
      retried: true,
    });
  });

  it('ends as cancelled where its job was cancelled', async () => {
    expect(await runBehind(endEarly, step, 'CANCELLED')).toMatchObject({ cancelled: true });
  });

  it('fails for good where it says by itself that it was cancelled', async () => {
    expect(await runBehind(endEarly, step)).toMatchObject({
      error: { code: 'CALL_CANCELLED' },
      retried: false,
    });
  });
});

describe('without the interceptor', () => {
  const { names, runWithoutInterceptor } = guardActivitiesOver([]);
  const ALL = (['engine', 'tasks', 'requests'] as const).flatMap((group) =>
    names[group].map((name) => [group, name] as const),
  );

  it.each(ALL)('%s %s throws, also where an attempt came over the wire', async (group, name) => {
    for (const args of [[{}], [{}, { job: null, activity: name }]])
      await expect(runWithoutInterceptor(group, name, args)).rejects.toThrow('without the interceptor');
  });
});
