/** How often the watchdog checks. */
export const LOOKS_PER_SECOND = 4;

/** The input of the watchdog's thread. */
export interface WatchdogData {
  /** One Int32 that the watched event loop increments. */
  readonly counter: SharedArrayBuffer;
  readonly limitSeconds: number;
}

/** How long a counter has not changed. */
export interface StandstillMeter {
  /** Whether `count` has now stood still for the limit. `nowMs` is of a monotonic clock. */
  look(count: number, nowMs: number): boolean;
}

/** A check that is later than planned by more than this was itself delayed. */
const LATE_MS = 2_000;

/**
 * Counts only time in which the check itself ran: if the whole process was suspended, or the machine
 * asleep, the checks stopped too, and the watched loop gets its whole time again.
 */
export function createStandstillMeter(limitMs: number): StandstillMeter {
  let seen: number | null = null;
  let lastLookMs = 0;
  let stoodMs = 0;
  return {
    look(count, nowMs) {
      const gapMs = nowMs - lastLookMs;
      stoodMs = count !== seen || gapMs > LATE_MS ? 0 : stoodMs + gapMs;
      seen = count;
      lastLookMs = nowMs;
      return stoodMs >= limitMs;
    },
  };
}
