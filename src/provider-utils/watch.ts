import { setTimeout as sleep } from 'node:timers/promises';
import {
  MAX_WATCH_MS,
  refuseCancelled,
  type Call,
  type ObserveCall,
  type Observation,
} from '../provider/index.ts';

/** How often a wait polls within one call, in milliseconds. */
export interface PollPace {
  /** The expected time of a poll and the pause after it: no poll begins that could not end in time. */
  readonly intervalMs: number;
  /** Between two polls; shorter than the interval if the poll itself waits for a shared read. */
  readonly pauseMs: number;
}

/**
 * Polls until it is done or `call.watchMs` is over; the last answer is the observation. Each poll gets the
 * cursor of the poll before.
 *
 * @throws cancelled; the errors of `poll`.
 */
export async function watchUntilDone(
  call: ObserveCall,
  { intervalMs, pauseMs }: PollPace,
  poll: (call: ObserveCall) => Promise<Observation>,
): Promise<Observation> {
  const deadline = Date.now() + Math.min(call.watchMs, MAX_WATCH_MS);
  let cursor = call.cursor;
  for (;;) {
    refuseCancelled(call.signal);
    const observation = await poll({ ...call, cursor });
    if (observation.state === 'done' || Date.now() + intervalMs > deadline) return observation;
    cursor = observation.cursor;
    await pause(call, pauseMs);
  }
}

/** @throws cancelled as soon as the call is. */
export async function pause({ signal }: Pick<Call, 'signal'>, ms: number): Promise<void> {
  try {
    await sleep(ms, undefined, { signal });
  } catch {
    refuseCancelled(signal);
  }
}
