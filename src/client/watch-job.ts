import { setTimeout as sleep } from 'node:timers/promises';
import { isOpenJobStatus, WindlassError, type ErrorKind } from '../domain/index.ts';
import type { JobView } from '../protocol/index.ts';
import { compareJobViews } from './compare-job-views.ts';
import type { JobEvent } from './job-events.ts';
import type { WatchOptions } from './windlass-client.ts';

/** What a poll of a job saw, and a fingerprint that shows whether anything has changed since. */
export interface JobLook {
  readonly view: JobView;
  readonly fingerprint: string | null;
  readonly readAtMs: number;
}

const POLL_MS = 700;
/** While the server or the workers do not answer, poll three times less often. */
const LOST_POLL_FACTOR = 3;
/** The watch fails when the server or the workers do not answer for this long. */
const PATIENCE_MS = 15 * 60_000;
/** Errors that end by themselves when the server or a worker answers again. */
const PASSING: readonly ErrorKind[] = ['unavailable', 'timeout', 'throttled'];

/**
 * The events of a job, computed from successive polls, until it closes or the signal aborts. An error
 * before the first poll has succeeded is thrown; later, contact may be lost and restored.
 */
export async function* watchJob(
  jobId: string,
  look: (last: JobLook | null) => Promise<JobLook>,
  options: WatchOptions,
): AsyncGenerator<JobEvent, void> {
  const { signal, pollMs = POLL_MS, onView } = options;
  let last: JobLook | null = null;
  let lostAtMs: number | null = null;
  while (signal?.aborted !== true) {
    const seenAt = new Date().toISOString();
    const next = await settle(look(last), signal);
    if (next === 'aborted') return;
    if ('failure' in next) {
      if (last === null || !PASSING.includes(next.failure.kind)) throw next.failure;
      if (lostAtMs === null) yield { event: 'contact-lost', at: seenAt, jobId, error: next.failure.toInfo() };
      lostAtMs ??= Date.now();
      if (Date.now() - lostAtMs > PATIENCE_MS) throw next.failure;
      await pause(pollMs * LOST_POLL_FACTOR, signal);
      continue;
    }
    if (lostAtMs !== null) yield { event: 'contact-restored', at: seenAt, jobId };
    lostAtMs = null;
    const before: JobLook | null = last;
    last = next.look;
    if (last !== before) {
      onView?.(last.view);
      yield* compareJobViews(before?.view ?? null, last.view, seenAt);
    }
    if (!isOpenJobStatus(last.view.status)) return;
    await pause(pollMs, signal);
  }
}

type Settled = { readonly look: JobLook } | { readonly failure: WindlassError } | 'aborted';

/** A poll that gets no answer may take seconds; an abort does not wait for it. */
function settle(looking: Promise<JobLook>, signal: AbortSignal | undefined): Promise<Settled> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => resolve('aborted');
    signal?.addEventListener('abort', onAbort, { once: true });
    looking
      .then(
        (look) => resolve({ look }),
        (error: unknown) => (WindlassError.isInstance(error) ? resolve({ failure: error }) : reject(error)),
      )
      .finally(() => signal?.removeEventListener('abort', onAbort));
  });
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(ms, undefined, signal === undefined ? {} : { signal });
  } catch {
    // Aborted: the caller checks the signal.
  }
}
