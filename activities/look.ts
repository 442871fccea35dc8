import { setTimeout as sleep } from 'node:timers/promises';
import { MAX_CURSOR_BYTES, WindlassError } from '../src/domain/index.ts';
import { MAX_WATCH_MS, type Observation } from '../src/provider/index.ts';
import type { Progress } from './heartbeat.ts';
import { toPendingFailure } from './to-application-failure.ts';

/** A wait looks quickly for so long, then frees its slot between looks. */
const QUICK_MS = 3_000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 10_000;
/** A retry that comes later than planned by more than this means that nobody was there to look. */
const SLACK_MS = 5_000;

export interface LookOptions {
  readonly look: (cursor: unknown, watchMs: number) => Promise<Observation>;
  readonly signal: AbortSignal;
  /** Counted only while somebody looked. */
  readonly limitMs: number;
  /** Names the task in the error when the limit is over. */
  readonly label: string;
  readonly read: () => Progress;
  /** `ends`: this try ends with it. */
  readonly write: (progress: Progress, ends: boolean) => void;
}

/**
 * Looks until it is there. Throws a benign failure that asks for a retry when the quick looks are
 * over, and `timeout` when the limit is: always after a last look, so that time without a worker
 * never fails a job.
 */
export async function lookUntil(options: LookOptions): Promise<Extract<Observation, { state: 'done' }>> {
  const startedAt = Date.now();
  let pauseMs = FIRST_PAUSE_MS;
  for (;;) {
    options.signal.throwIfAborted();
    const before = options.read();
    const seen = await options.look(before.cursor, Math.min(MAX_WATCH_MS, options.limitMs));
    if (seen.state === 'done') return seen;
    const now = Date.now();
    const waitedMs = before.waitedMs + sinceLastLook(before, startedAt, now);
    const quick = now - startedAt < QUICK_MS && seen.retryAfterMs === undefined;
    const nextLookMs = seen.retryAfterMs ?? (quick ? pauseMs : nextPause(before));
    const lastLookAt = new Date(now).toISOString();
    const observation = seen.seen;
    const cursor = checkCursor(seen.cursor);
    options.write({ ...before, observation, cursor, waitedMs, lastLookAt, nextLookMs }, !quick);
    if (waitedMs >= options.limitMs) throw limitOver(options, seen.seen);
    if (!quick) throw toPendingFailure(seen.seen, nextLookMs);
    await sleep(pauseMs, undefined, { signal: options.signal });
    pauseMs = Math.min(pauseMs * 2, 1_000);
  }
}

/** What a provider wants to be reminded of travels with each heartbeat. */
function checkCursor(cursor: unknown): unknown {
  if (cursor === undefined || Buffer.byteLength(toJson(cursor)) <= MAX_CURSOR_BYTES) return cursor;
  throw new WindlassError('internal', `a wait asks to be reminded of more than ${MAX_CURSOR_BYTES} bytes`, {
    code: 'CURSOR_TOO_LARGE',
    hint: 'the provider must keep its cursors small; report it to its authors',
  });
}

function toJson(cursor: unknown): string {
  try {
    return JSON.stringify(cursor) ?? '';
  } catch (error) {
    throw new WindlassError('internal', 'a wait asks to be reminded of what JSON cannot write', {
      code: 'CURSOR_TOO_LARGE',
      hint: 'the provider’s cursors must be plain data; report it to its authors',
      cause: error,
    });
  }
}

/** Time to count since the look before this one. */
function sinceLastLook(progress: Progress, startedAt: number, now: number): number {
  const since = progress.lastLookAt === null ? startedAt : Date.parse(progress.lastLookAt);
  return Math.max(0, Math.min(now - since, progress.nextLookMs + MAX_WATCH_MS + SLACK_MS));
}

/** The longer it has lasted, the longer it may last: a tenth of the time so far, one second at least. */
function nextPause(progress: Progress): number {
  return Math.min(Math.max(progress.waitedMs / 10, 1_000), LONGEST_PAUSE_MS);
}

function limitOver(options: LookOptions, seen: string): WindlassError {
  return new WindlassError(
    'timeout',
    `${options.label} was not there within ${Math.round(options.limitMs / 1000)} s; last seen: ${seen}`,
    { code: 'WAIT_LIMIT', hint: 'look into the node or the cloud console; a failed cluster can be deleted' },
  );
}
