import { setTimeout as sleep } from 'node:timers/promises';
import { Context, type Info } from '@temporalio/activity';
import { isGrpcServiceError } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { MAX_LOST_TRIES, WindlassError } from '../src/domain/index.ts';
import { isJobCancellation, tryInterrupted } from './to-application-failure.ts';

/**
 * How the tries of an activity have ended, as its heartbeats keep it from try to try. A worker that
 * dies or hangs reports nothing: what is counted is what began and was never heard of again.
 */
interface Tries {
  /** The last try that ended with a report; 0 for none. */
  readonly ended: number;
  /** Tries since then that have begun. */
  readonly begun: number;
}

/** The try that runs. */
interface Running {
  readonly lost: number;
  /** It does the activity's work: where nobody hears of it again, it counts. */
  begun: boolean;
  /** What it has said last. */
  details: object;
  tries: Tries;
}

const running = new WeakMap<Context, Running>();

/** From so many lost tries on, an activity is suspected of them. */
const SUSPECT_TRIES = 2;

/** Before anything else in a try: whatever refuses it then is a report, and counts as one. */
export function openTry(): void {
  const context = Context.current();
  const { ended, lost } = readLost(context.info);
  const details = detailsOf(context.info);
  running.set(context, { lost, begun: false, details, tries: { ended, begun: lost } });
}

/**
 * Begins the work of a try. The first one, and one after a try that ended with a report, costs
 * nothing. Another is told to the server before anything is done, so that it counts if nobody hears
 * of it again; and one that is suspected waits for the other suspects of its worker, so that what
 * died with one, and did no harm, is not taken for it.
 *
 * @throws internal `WORKERS_LOST` when too many were lost in a row: the activity is to be given up.
 */
export async function beginTry(): Promise<void> {
  const context = Context.current();
  const current = running.get(context);
  if (current === undefined) return;
  const { lost, tries } = current;
  if (lost >= MAX_LOST_TRIES) throw workersLost(context.info.activityType, lost);
  if (lost >= SUSPECT_TRIES) await takeTurn(context, current);
  const begun = { ...tries, begun: lost + 1 };
  if (lost > 0) await tellServer(context, { ...current.details, tries: begun });
  current.tries = begun;
  current.begun = true;
}

/**
 * Heartbeats with what the activity wants to find in its next try. With `ends` this try counts as
 * ended: only its report follows.
 */
export function beat(context: Context, details: object, ends = false): void {
  const current = running.get(context);
  if (current === undefined) return;
  if (ends) current.tries = { ended: context.info.attempt, begun: 0 };
  current.details = details;
  try {
    context.heartbeat({ ...details, tries: current.tries });
  } catch {
    // What a provider asks to be reminded of may not be data; thrown from a timer, it would end the worker.
    context.heartbeat({ tries: current.tries });
  }
}

/**
 * How a try ends. `retried`: with a report that asks for another. `untouched`: likewise, but nothing was
 * tried: another holds the lease, or the worker is stopped; that says nothing about what it would do.
 */
export type TryEnd = 'last' | 'retried' | 'untouched';

/** Notes how this try ends, for the next one; frees its turn in any case. */
export function endTry(end: TryEnd): void {
  const context = Context.current();
  const current = running.get(context);
  leaveTurn.get(context)?.();
  if (end === 'last' || current === undefined || context.info.isLocal) return;
  if (current.tries.ended === context.info.attempt) return;
  const { lost, begun, details, tries } = current;
  if (lost > 0 && (!begun || end === 'untouched')) {
    // The count stays what it was before this try.
    if (!begun) return;
    current.tries = { ...tries, begun: lost };
    beat(context, details);
    return;
  }
  beat(context, details, true);
}

function readLost({ attempt, heartbeatDetails, isLocal }: Info): { ended: number; lost: number } {
  const { ended, begun } = readTries(heartbeatDetails);
  if (isLocal || ended >= attempt - 1) return { ended: Math.min(ended, attempt - 1), lost: 0 };
  // The first one after a report is not told to the server.
  return { ended, lost: Math.max(begun, 1) };
}

function readTries(heartbeatDetails: unknown): Tries {
  const { tries } =
    ((typeof heartbeatDetails === 'object' ? heartbeatDetails : null) as { tries?: unknown }) ?? {};
  const { ended, begun } = ((typeof tries === 'object' ? tries : null) as Partial<Tries>) ?? {};
  const known = (value: unknown): number => (Number.isSafeInteger(value) ? Math.max(0, Number(value)) : 0);
  return { ended: known(ended), begun: known(begun) };
}

/** What earlier tries have said last. */
export function detailsOf({ heartbeatDetails }: Info): object {
  return typeof heartbeatDetails === 'object' && heartbeatDetails !== null ? heartbeatDetails : {};
}

/** Not by the activity's own heartbeat, which is sent some time later: the work must not begin before. */
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
    // The server is away, or has given the task to another.
    throw tryInterrupted();
  }
}

const TELL_LIMIT_MS = 10_000;

/** Suspects of one worker, one after the other. */
let lastTurn: Promise<void> = Promise.resolve();
/** A try that kills its worker does it within this; longer none keeps the others waiting. */
const TURN_MS = 20_000;

async function takeTurn(context: Context, { details, tries }: Running): Promise<void> {
  const before = lastTurn;
  const { promise, resolve } = Promise.withResolvers<void>();
  lastTurn = before.then(() => promise);
  const timer = setInterval(() => context.heartbeat({ ...details, tries }), beatMs(context.info));
  try {
    await Promise.race([before, context.cancelled]);
  } catch (error) {
    resolve();
    throw isJobCancellation(context.cancellationSignal) ? error : tryInterrupted();
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
    `${lost} workers in a row died or hung while they ran ${activity}: it is not tried again`,
    {
      code: 'WORKERS_LOST',
      hint: 'the last lines of the workers’ logs, and what ended them (memory, the watchdog), say why; what this was given may be too large or too deep',
    },
  );
}
