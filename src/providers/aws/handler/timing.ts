import type { ObserveCall, Observation } from '../../../provider/index.ts';
import { watchUntilDone } from '../../../provider-utils/index.ts';

/** How often AWS is polled; tests on an emulator poll more often. */
export interface Timing {
  /** Between two polls of one wait. */
  readonly pollMs: number;
  /**
   * How long after a create AWS may still not show the new resource: a delete searches this long for
   * resources that a worker may have created before it died.
   */
  readonly settleMs: number;
}

/** AWS documents seconds; its own tools allow a few. */
export const DEFAULT_TIMING: Timing = { pollMs: 1_000, settleMs: 5_000 };

/** Polls until it is done or the call's time is over. */
export function watch(
  call: ObserveCall,
  pollMs: number,
  poll: (call: ObserveCall) => Promise<Observation>,
): Promise<Observation> {
  // A read for waits already takes one interval; the pause is for a poll that reads nothing.
  return watchUntilDone(call, { intervalMs: pollMs, pauseMs: pollMs / 20 }, poll);
}
