import { setTimeout as sleep } from 'node:timers/promises';
import { MAX_CURSOR_BYTES, WindlassError } from '../domain/index.ts';
import { MAX_WATCH_MS, type Observation } from '../provider/index.ts';

/** What one attempt of a task passes to the next. */
export interface Progress {
  readonly firstSeenAt: string;
  /** What the last poll observed. */
  readonly observation: string | null;
  /** Attempts that ended in an error. */
  readonly failures: number;
  /** The time in which a worker polled, in milliseconds: time without any worker does not count. */
  readonly waitedMs: number;
  readonly lastLookAt: string | null;
  readonly nextLookMs: number;
  readonly cursor: unknown;
}

/** For a task without any attempt yet. */
export function newProgress(now: Date): Progress {
  return {
    firstSeenAt: now.toISOString(),
    observation: null,
    failures: 0,
    waitedMs: 0,
    lastLookAt: null,
    nextLookMs: 0,
    cursor: undefined,
  };
}

/** The intervals of a wait's polls; all in milliseconds. */
export interface Pacing {
  /** The longest time that one poll may watch. */
  readonly watchMs: number;
  /** An attempt polls quickly for this time, then ends, and frees its slot between polls. */
  readonly quickMs: number;
  /** The delay after the first quick poll; doubled after each further one, up to a second. */
  readonly firstPauseMs: number;
  /** A wait that lasts longer times out, even if its task may take longer. */
  readonly limitMs: number;
}

/** The product's intervals. */
export const PRODUCT_PACING: Pacing = {
  watchMs: MAX_WATCH_MS,
  quickMs: 3_000,
  firstPauseMs: 100,
  limitMs: Number.POSITIVE_INFINITY,
};

const LONGEST_QUICK_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 10_000;
/** A retry that is later than planned by more than this means that no worker was running. */
const SLACK_MS = 5_000;

export interface PollOptions {
  readonly look: (cursor: unknown, watchMs: number) => Promise<Observation>;
  readonly signal: AbortSignal;
  /** In milliseconds; only time in which a worker polled counts. */
  readonly limitMs: number;
  /** Names the task in the error when the timeout expires. */
  readonly label: string;
  readonly pacing: Pacing;
  readonly read: () => Progress;
  /** `ends`: this attempt ends with it. */
  readonly write: (progress: Progress, ends: boolean) => void;
}

/** `pending`: the quick polls are over, and the next attempt polls in `nextLookMs`. */
export type PollResult =
  | Extract<Observation, { state: 'done' }>
  | { readonly state: 'pending'; readonly seen: string; readonly nextLookMs: number };

/**
 * Polls until it is done, or the quick polls of this attempt are over. When the timeout expires, it gives
 * up after one last poll, so that time without a worker never fails a job.
 *
 * @throws timeout `WAIT_LIMIT`; internal `CURSOR_TOO_LARGE`; the errors of the poll.
 */
export async function pollUntilDone(options: PollOptions): Promise<PollResult> {
  const { pacing } = options;
  const startedAt = Date.now();
  let pauseMs = pacing.firstPauseMs;
  for (;;) {
    options.signal.throwIfAborted();
    const before = options.read();
    const seen = await options.look(before.cursor, Math.min(pacing.watchMs, options.limitMs));
    if (seen.state === 'done') return seen;
    const now = Date.now();
    const waitedMs = before.waitedMs + sinceLastLook(before, startedAt, now);
    const quick = now - startedAt < pacing.quickMs && seen.retryAfterMs === undefined;
    const nextLookMs = seen.retryAfterMs ?? (quick ? pauseMs : nextPause(before));
    const lastLookAt = new Date(now).toISOString();
    const observation = seen.seen;
    const cursor = checkCursor(seen.cursor);
    options.write({ ...before, observation, cursor, waitedMs, lastLookAt, nextLookMs }, !quick);
    if (waitedMs >= options.limitMs) throw limitOver(options, seen.seen);
    if (!quick) return { state: 'pending', seen: seen.seen, nextLookMs };
    await sleep(pauseMs, undefined, { signal: options.signal });
    pauseMs = Math.min(pauseMs * 2, LONGEST_QUICK_PAUSE_MS);
  }
}

/** A provider's cursor is part of each heartbeat. */
function checkCursor(cursor: unknown): unknown {
  if (cursor === undefined || Buffer.byteLength(toJson(cursor)) <= MAX_CURSOR_BYTES) return cursor;
  throw new WindlassError('internal', `the cursor of a wait has more than ${MAX_CURSOR_BYTES} bytes`, {
    code: 'CURSOR_TOO_LARGE',
    hint: 'the provider must keep its cursors small; report it to its authors',
  });
}

function toJson(cursor: unknown): string {
  try {
    return JSON.stringify(cursor) ?? '';
  } catch (error) {
    throw new WindlassError('internal', 'the cursor of a wait cannot be written as JSON', {
      code: 'CURSOR_TOO_LARGE',
      hint: 'the provider’s cursors must be plain data; report it to its authors',
      cause: error,
    });
  }
}

/** The time to count since the poll before this one. */
function sinceLastLook(progress: Progress, startedAt: number, now: number): number {
  const since = progress.lastLookAt === null ? startedAt : Date.parse(progress.lastLookAt);
  return Math.max(0, Math.min(now - since, progress.nextLookMs + MAX_WATCH_MS + SLACK_MS));
}

/**
 * The longer it has lasted, the longer the next interval may be: a tenth of the time so far, one second at
 * least.
 */
function nextPause(progress: Progress): number {
  return Math.min(Math.max(progress.waitedMs / 10, 1_000), LONGEST_PAUSE_MS);
}

function limitOver(options: PollOptions, seen: string): WindlassError {
  return new WindlassError(
    'timeout',
    `${options.label} was not complete within ${Math.round(options.limitMs / 1000)} s; last seen: ${seen}`,
    { code: 'WAIT_LIMIT', hint: 'check the node or the cloud console; a failed cluster can be deleted' },
  );
}
