import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { outliveFreeze } from './frozen-life.ts';
import { openTinyLane, type TinyLane } from './tiny-lane.ts';

/** The instance is made, and nobody has been told. */
const POINT = 'create RunInstances:after-effect';
/** Heartbeat and lease are over after two seconds each; another has the task by then. */
const FROZEN_MS = 6_000;
/** The successor's wait is still looking when the frozen one wakes up: its task has not ended. */
const BOOT_MS = 15_000;

// For a whole minute, and at other points: `npm run prove -- frozen`.
describe('a worker that freezes in the middle of an effect and wakes up', () => {
  let lane: TinyLane;
  beforeAll(async () => {
    lane = await openTinyLane({
      number: 7,
      workers: 2,
      nodes: 1,
      settings: { bootDelayMs: String(BOOT_MS) },
    });
  }, 120_000);
  afterAll(() => lane.stop(), 180_000);

  it('finds its work done by another, makes nothing twice and writes over nothing', async () => {
    expect(await outliveFreeze(lane, { point: POINT, frozenMs: FROZEN_MS })).toEqual([]);
  }, 180_000);
});
