import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EMPTY_WORLD, runningWorld, surveyUntil } from './survey.ts';
import { complaintsOf, openTinyLane, waitForEnd, type TinyLane } from './tiny-lane.ts';

/** The instance is made, and nobody has been told. */
const POINT = 'create RunInstances:after-effect';
/** Heartbeat and lease are over after a second each; another has the task by then. */
const FROZEN_MS = 6_000;
/** The successor's wait is still looking when the frozen one wakes up: its task has not ended. */
const BOOT_MS = 15_000;

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
  afterAll(() => lane.stop(), 60_000);

  it('finds its work done by another, makes nothing twice and writes over nothing', async () => {
    lane.faults.freeze([POINT]);
    lane.faults.enter('create');
    const job = await lane.begin('create');
    const pid = await waitUntilFrozen(lane);
    await sleep(FROZEN_MS);
    process.kill(pid, 'SIGCONT');
    const view = await waitForEnd(lane.client, job);

    expect(complaintsOf(view)).toEqual([]);
    expect(await surveyUntil(lane.world, runningWorld(1))).toEqual(runningWorld(1));
    await waitForEnd(lane.client, await lane.begin('delete', job.clusterId));
    expect(await surveyUntil(lane.world, EMPTY_WORLD)).toEqual(EMPTY_WORLD);
  }, 180_000);
});

async function waitUntilFrozen(lane: TinyLane): Promise<number> {
  for (;;) {
    const [frozen] = lane.faults.frozen();
    if (frozen !== undefined) return frozen.pid;
    await sleep(50);
  }
}
