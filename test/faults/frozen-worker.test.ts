import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runWithFreeze } from './frozen-life.ts';
import { openLocalScenario, type LocalScenario } from './local-scenario.ts';

/** The instance is created, and the worker has not reported it yet. */
const POINT = 'create RunInstances:after-effect';
/** Heartbeat timeout and lease expire after two seconds each; another worker has the task by then. */
const FROZEN_MS = 6_000;
/** The successor's wait is still polling when the frozen one continues: its task has not ended. */
const BOOT_MS = 15_000;

// For a whole minute, and at other points: `npm run prove -- frozen`.
describe('a worker that freezes in the middle of an effect and continues later', () => {
  let scenario: LocalScenario;
  beforeAll(async () => {
    scenario = await openLocalScenario({
      number: 7,
      workers: 2,
      nodes: 1,
      settings: { bootDelayMs: String(BOOT_MS) },
    });
  }, 120_000);
  afterAll(() => scenario.stop(), 180_000);

  it('finds its work done by another, creates nothing twice and overwrites nothing', async () => {
    expect(await runWithFreeze(scenario, { point: POINT, frozenMs: FROZEN_MS })).toEqual([]);
  }, 180_000);
});
