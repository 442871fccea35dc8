import { setTimeout as sleep } from 'node:timers/promises';
import { WindlassError } from '../../domain/index.ts';
import { MAX_WATCH_MS, type ObserveCall, type Observation } from '../../provider/index.ts';

/** Between two looks at the state on disk, in milliseconds. */
const LOOK_INTERVAL_MS = 50;

/** Looks until it is done or the call's time is over; then the last look is the observation. */
export async function watch(call: ObserveCall, look: () => Promise<Observation>): Promise<Observation> {
  const deadline = Date.now() + Math.min(call.watchMs, MAX_WATCH_MS);
  for (;;) {
    assertNotCancelled(call.signal);
    const observation = await look();
    if (observation.state === 'done' || Date.now() + LOOK_INTERVAL_MS > deadline) return observation;
    try {
      await sleep(LOOK_INTERVAL_MS, undefined, { signal: call.signal });
    } catch {
      assertNotCancelled(call.signal);
    }
  }
}

/** @throws cancelled `CANCELLED` */
export function assertNotCancelled(signal: AbortSignal): void {
  if (!signal.aborted) return;
  throw new WindlassError('cancelled', 'the call was cancelled', { code: 'CANCELLED', cause: signal.reason });
}
