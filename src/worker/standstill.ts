/** How often the watchdog looks. */
export const LOOKS_PER_SECOND = 4;

/** What the watchdog's thread is given. */
export interface WatchdogData {
  /** One Int32 that the watched event loop counts up. */
  readonly counter: SharedArrayBuffer;
  readonly limitSeconds: number;
}

/** How long a counter has stood still. */
export interface StandstillMeter {
  /** Whether `count` has now stood still for the limit. `nowMs` is of a clock that never goes back. */
  look(count: number, nowMs: number): boolean;
}

/** A look that comes later than planned by more than this was itself kept from looking. */
const LATE_MS = 2_000;

/**
 * Counts only time in which it looked itself: where the whole process was suspended, or the machine
 * asleep, looks stood still too, and the watched loop deserves its whole time again.
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
