import { Context } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import {
  ApplicationFailure,
  CancelledFailure,
  defaultPayloadConverter,
  type Payload,
} from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NO_FAULTS } from '../../../activities/fault-point.ts';
import { createInterceptor } from '../../../activities/interceptor.ts';
import {
  Pending,
  toApplicationFailure,
  toPendingFailure,
} from '../../../activities/to-application-failure.ts';
import { beat } from '../../../activities/lost-attempts.ts';
import { MAX_LOST_ATTEMPTS, WindlassError, type ErrorInfo } from '../../../src/domain/index.ts';
import { createRedactor } from '../../../src/observability/index.ts';

/**
 * How a try ends: with a report that asks for another, or that it could not even be tried; without a
 * word, after it began; or it was handed to a worker that was dead already.
 */
type End = 'reports' | 'finds a lease held' | 'is lost' | 'never begins';

const leaseHeld = new WindlassError('unavailable', 'held', { code: 'LEASE_HELD' });

/** What the server knows after a try. */
interface Known {
  readonly details: unknown;
  readonly givenUp: ErrorInfo | null;
  /** Requests beside heartbeats and the report. */
  readonly requests: number;
}

async function runAttempt(attempt: number, before: unknown, end: End): Promise<Known> {
  if (end === 'never begins') return { details: before, givenUp: null, requests: 0 };
  let details = before;
  let requests = 0;
  const client = {
    withAbortSignal: (_: AbortSignal, run: () => Promise<unknown>) => run(),
    withDeadline: (_: number, run: () => Promise<unknown>) => run(),
    workflowService: {
      async recordActivityTaskHeartbeat(request: { details: { payloads: [Payload] } }) {
        requests += 1;
        details = defaultPayloadConverter.fromPayload(request.details.payloads[0]);
      },
    },
  } as unknown as Client;
  const logger = new DefaultLogger('ERROR', () => undefined);
  const info = { attempt, heartbeatDetails: before };
  const begun = Promise.withResolvers<null>();
  const death = Promise.withResolvers<never>();
  const interceptor = createInterceptor({ redactor: createRedactor(), faultPoint: NO_FAULTS }, () => ({
    admit: async () => null,
    heartbeats: () => null,
    hasFaultPoints: () => false,
    fail: async (thrown) =>
      thrown instanceof Pending ? toPendingFailure(thrown) : toApplicationFailure(leaseHeld, 0),
  }));
  const environment = new MockActivityEnvironment(info, { client, logger, interceptors: [interceptor] });
  environment.on('heartbeat', (sent: unknown) => (details = sent));
  async function work(): Promise<never> {
    begun.resolve(null);
    if (end === 'is lost') return death.promise;
    if (end === 'finds a lease held') throw leaseHeld;
    beat(Context.current(), { cursor: attempt });
    throw new Pending('not there yet', 1);
  }
  const error = await Promise.race([
    environment.run(work).then(
      () => null,
      (thrown: unknown) => thrown,
    ),
    ...(end === 'is lost' ? [begun.promise] : []),
  ]);
  const known = details;
  // A dead process holds up no other attempt.
  death.promise.catch(() => undefined);
  death.reject(new CancelledFailure('dead'));
  const lost = error instanceof ApplicationFailure && error.type === 'WORKERS_LOST';
  return { details: known, givenUp: lost ? (error.details?.[0] as ErrorInfo) : null, requests };
}

/** Number of the try, from 1, that gives the activity up; null where none does. And what it all cost. */
async function runAttempts(
  ends: readonly End[],
): Promise<{ givenUpAt: number | null; requests: number; last: Known }> {
  let last: Known = { details: undefined, givenUp: null, requests: 0 };
  let requests = 0;
  for (const [index, end] of ends.entries()) {
    last = await runAttempt(index + 1, last.details, end);
    requests += last.requests;
    if (last.givenUp !== null) return { givenUpAt: index + 1, requests, last };
  }
  return { givenUpAt: null, requests, last };
}

const times = (count: number, end: End): End[] => Array.from({ length: count }, () => end);

describe('an activity', () => {
  it('is abandoned with a clear error when too many attempts in a row never reported their end', async () => {
    const { givenUpAt, last } = await runAttempts(times(MAX_LOST_ATTEMPTS + 1, 'is lost'));
    expect(givenUpAt).toBe(MAX_LOST_ATTEMPTS + 1);
    expect(last.givenUp).toMatchObject({
      kind: 'internal',
      code: 'WORKERS_LOST',
      message: expect.stringContaining(`${MAX_LOST_ATTEMPTS} workers in a row`) as string,
    });
  });

  it('costs no request for looks that are pending for days, and keeps what they have seen', async () => {
    const { givenUpAt, requests, last } = await runAttempts(times(300, 'reports'));
    expect({ givenUpAt, requests }).toEqual({ givenUpAt: null, requests: 0 });
    expect(last.details).toMatchObject({ cursor: 300 });
  });

  it('goes on where workers die again and again with a report between', async () => {
    const life = [...times(MAX_LOST_ATTEMPTS - 1, 'is lost'), ...times(1, 'reports')];
    expect((await runAttempts([...life, ...life, ...life, ...life])).givenUpAt).toBeNull();
  });

  it('is abandoned also where each dead worker left a lease, which the next attempt finds held', async () => {
    const life = Array.from({ length: MAX_LOST_ATTEMPTS }, (): End[] => [
      'is lost',
      'finds a lease held',
    ]).flat();
    expect((await runAttempts([...life, 'is lost'])).givenUpAt).toBe(2 * MAX_LOST_ATTEMPTS);
  });

  it('keeps what it saw before its workers died', async () => {
    const { last } = await runAttempts(['reports', 'is lost', 'is lost']);
    expect(last.details).toMatchObject({ cursor: 1 });
  });

  it('continues when a frozen worker received its attempts and never began them', async () => {
    expect(
      (await runAttempts([...times(2, 'is lost'), ...times(50, 'never begins'), 'reports'])).givenUpAt,
    ).toBeNull();
  });

  it('is given up exactly where the limit is reached without a report between', async () => {
    const ENDS = ['reports', 'finds a lease held', ...times(4, 'is lost'), 'never begins'] as const;
    const ends = fc.array(fc.constantFrom<End>(...ENDS), { maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(ends, async (lives) => {
        let lost = 0;
        let expected: number | null = null;
        for (const [index, end] of lives.entries()) {
          if (lost >= MAX_LOST_ATTEMPTS && end !== 'never begins') {
            expected = index + 1;
            break;
          }
          // The first after a report is not told: that it began is assumed.
          if (end === 'reports' || (end === 'finds a lease held' && lost === 0)) lost = 0;
          else if (end === 'finds a lease held') continue;
          else if (end === 'is lost' || lost === 0) lost += 1;
        }
        expect((await runAttempts(lives)).givenUpAt).toBe(expected);
      }),
      { numRuns: 150 },
    );
  });
});
