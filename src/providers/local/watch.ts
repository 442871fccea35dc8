import type { ObserveCall, Observation } from '../../provider/index.ts';
import { watchUntilDone } from '../../provider-utils/index.ts';

/** The interval between two polls of the state on disk, in milliseconds. */
const POLL_MS = 50;

/** Polls until it is done or the call's time is over. */
export function watch(call: ObserveCall, poll: () => Promise<Observation>): Promise<Observation> {
  return watchUntilDone(call, { intervalMs: POLL_MS, pauseMs: POLL_MS }, poll);
}
