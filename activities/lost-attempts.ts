import { setTimeout as sleep } from 'node:timers/promises';
import { Context, type Info } from '@temporalio/activity';
import { isGrpcServiceError } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { MAX_LOST_ATTEMPTS, WindlassError } from '../src/domain/index.ts';
import { isJobCancellation, attemptInterrupted } from './to-application-failure.ts';

/**
 * How the attempts of an activity have ended; its heartbeats carry this from attempt to attempt. A worker
 * that dies or hangs reports nothing: attempts are counted that began and never reported their end.
 */
interface AttemptCounts {
  /** The last attempt that reported its end; 0 for none. */
  readonly ended: number;
  /** Attempts since then that have begun. */
  readonly begun: number;
}

/** The running attempt. */
interface Running {
  readonly lost: number;
  /** It does the activity's work: it counts if its end is never reported. */
  begun: boolean;
  /** Its last heartbeat data. */
  details: object;
  attempts: AttemptCounts;
}

const running = new WeakMap<Context, Running>();

/** After this many lost attempts, an activity is suspected of causing them. */
const SUSPECT_AFTER = 2;

/** Before anything else in an attempt: a refusal is a report, and counts as one. */
export function openAttempt(): void {
  const context = Context.current();
  const { ended, lost } = readLost(context.info);
  const details = detailsOf(context.info);
  running.set(context, { lost, begun: false, details, attempts: { ended, begun: lost } });
}

/**
 * Begins the work of an attempt. For the first one, and for one after an attempt that reported its end,
 * this costs nothing. Any other is recorded on the server before it starts, so that it counts if its end
 * is never reported; and a suspected one waits for the other suspects of its worker, so that an activity
 * that only died together with one is not blamed.
 *
 * @throws internal `WORKERS_LOST` when too many were lost in a row: the activity must be abandoned.
 */
export async function beginAttempt(): Promise<void> {
  const context = Context.current();
  const current = running.get(context);
  if (current === undefined) return;
  const { lost, attempts } = current;
  if (lost >= MAX_LOST_ATTEMPTS) throw workersLost(context.info.activityType, lost);
  if (lost >= SUSPECT_AFTER) await takeTurn(context, current);
  const begun = { ...attempts, begun: lost + 1 };
  if (lost > 0) await tellServer(context, { ...current.details, attempts: begun });
  current.attempts = begun;
  current.begun = true;
}

/**
 * Sends a heartbeat with data for the activity's next attempt. With `ends` this attempt counts as ended:
 * only its report follows.
 */
export function beat(context: Context, details: object, ends = false): void {
  const current = running.get(context);
  if (current === undefined) return;
  if (ends) current.attempts = { ended: context.info.attempt, begun: 0 };
  current.details = details;
  try {
    context.heartbeat({ ...details, attempts: current.attempts });
  } catch {
    // A provider's cursor may not be plain data; an error from a timer would end the worker.
    context.heartbeat({ attempts: current.attempts });
  }
}

/**
 * How an attempt ends. `retried`: with a report that asks for another. `untouched`: the same, but no work
 * was done: another worker holds the lease, or the worker is stopped; that proves nothing about the
 * activity.
 */
export type AttemptEnd = 'last' | 'retried' | 'untouched';

/** Records how this attempt ends, for the next one; always releases its turn. */
export function endAttempt(end: AttemptEnd): void {
  const context = Context.current();
  const current = running.get(context);
  leaveTurn.get(context)?.();
  if (end === 'last' || current === undefined || context.info.isLocal) return;
  if (current.attempts.ended === context.info.attempt) return;
  const { lost, begun, details, attempts } = current;
  if (lost > 0 && (!begun || end === 'untouched')) {
    // The count stays the same as before this attempt.
    if (!begun) return;
    current.attempts = { ...attempts, begun: lost };
    beat(context, details);
    return;
  }
  beat(context, details, true);
}

function readLost({ attempt, heartbeatDetails, isLocal }: Info): { ended: number; lost: number } {
  const { ended, begun } = readCounts(heartbeatDetails);
  if (isLocal || ended >= attempt - 1) return { ended: Math.min(ended, attempt - 1), lost: 0 };
  // The first one after a report is not recorded on the server.
  return { ended, lost: Math.max(begun, 1) };
}

function readCounts(heartbeatDetails: unknown): AttemptCounts {
  const { attempts } =
    ((typeof heartbeatDetails === 'object' ? heartbeatDetails : null) as { attempts?: unknown }) ?? {};
  const { ended, begun } = ((typeof attempts === 'object' ? attempts : null) as Partial<AttemptCounts>) ?? {};
  const known = (value: unknown): number => (Number.isSafeInteger(value) ? Math.max(0, Number(value)) : 0);
  return { ended: known(ended), begun: known(begun) };
}

/** The last heartbeat data of earlier attempts. */
export function detailsOf({ heartbeatDetails }: Info): object {
  return typeof heartbeatDetails === 'object' && heartbeatDetails !== null ? heartbeatDetails : {};
}

/** Not with the activity's own heartbeat, which is sent some time later: the work must not begin before. */
async function tellServer({ info, client }: Context, details: object): Promise<void> {
  try {
    await client.withDeadline(Date.now() + TELL_LIMIT_MS, () =>
      client.workflowService.recordActivityTaskHeartbeat({
        namespace: info.namespace,
        taskToken: info.taskToken,
        details: { payloads: [defaultPayloadConverter.toPayload(details)] },
      }),
    );
  } catch (error) {
    if (!isGrpcServiceError(error)) throw error;
    // The server is away, or has given the task to another worker.
    throw attemptInterrupted();
  }
}

const TELL_LIMIT_MS = 10_000;

/** Suspects of one worker, one after the other. */
let lastTurn: Promise<void> = Promise.resolve();
/**
 * An attempt that kills its worker does so within this time; a longer one does not delay the others any
 * more.
 */
const TURN_MS = 20_000;

async function takeTurn(context: Context, { details, attempts }: Running): Promise<void> {
  const before = lastTurn;
  const { promise, resolve } = Promise.withResolvers<void>();
  lastTurn = before.then(() => promise);
  const timer = setInterval(() => context.heartbeat({ ...details, attempts }), beatMs(context.info));
  try {
    await Promise.race([before, context.cancelled]);
  } catch (error) {
    resolve();
    throw isJobCancellation(context.cancellationSignal) ? error : attemptInterrupted();
  } finally {
    clearInterval(timer);
  }
  void sleep(TURN_MS, undefined, { ref: false }).then(resolve);
  leaveTurn.set(context, resolve);
}

/** Lets the next suspect begin. */
const leaveTurn = new WeakMap<Context, () => void>();

function beatMs({ heartbeatTimeoutMs }: Info): number {
  return Math.max(200, (heartbeatTimeoutMs ?? 0) / 4 || 2_000);
}

function workersLost(activity: string, lost: number): WindlassError {
  return new WindlassError(
    'internal',
    `${lost} workers in a row died or hung while they ran ${activity}: it is not retried`,
    {
      code: 'WORKERS_LOST',
      hint: 'the last lines of the workers’ logs, and what ended them (memory, the watchdog), show why; its input may be too large or nested too deeply',
    },
  );
}
