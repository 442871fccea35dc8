import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createStandstillMeter } from '../../../src/worker/standstill.ts';

const LIMIT_MS = 30_000;

/** Whether one of the looks, each so long after the one before, finds that the counter stood still. */
function finds(looks: readonly (readonly [afterMs: number, counted: boolean])[]): boolean {
  const meter = createStandstillMeter(LIMIT_MS);
  let nowMs = 0;
  let count = 0;
  return looks.some(([afterMs, counted]) => {
    nowMs += afterMs;
    count += counted ? 1 : 0;
    return meter.look(count, nowMs);
  });
}

const stood = (looks: number) => Array.from({ length: looks }, () => [250, false] as const);

describe('the meter of the watchdog', () => {
  it('finds a loop that stands still for the limit', () => {
    expect(finds([[250, true], ...stood(119)])).toBe(false);
    expect(finds([[250, true], ...stood(121)])).toBe(true);
  });

  it('begins again whenever the loop has moved', () => {
    expect(finds([...stood(100), [250, true], ...stood(100)])).toBe(false);
  });

  it('does not count time in which the process was suspended, and then gives the loop its whole time', () => {
    expect(finds([[250, true], ...stood(100), [3_600_000, false], ...stood(119)])).toBe(false);
    expect(finds([[250, true], ...stood(100), [3_600_000, false], ...stood(121)])).toBe(true);
  });

  it('never finds a loop that moves before its limit, whenever the looks come', () => {
    const look = fc.tuple(fc.integer({ min: 1, max: 5_000 }), fc.boolean());
    fc.assert(
      fc.property(fc.array(look, { maxLength: 500 }), (looks) => {
        let stillMs = 0;
        const longest = looks.reduce((most, [afterMs, counted]) => {
          stillMs = counted ? 0 : stillMs + afterMs;
          return Math.max(most, stillMs);
        }, 0);
        if (longest < LIMIT_MS) expect(finds(looks)).toBe(false);
      }),
    );
  });
});
