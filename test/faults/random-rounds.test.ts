import { afterAll, beforeAll, expect, test } from 'vitest';
import { runRandomRounds } from './random-rounds.ts';
import { openTinyLane, type TinyLane } from './tiny-lane.ts';

/** `npm run prove` makes as many rounds as one likes, of any seed. */
const SEED = 3;

let lane: TinyLane;

beforeAll(async () => {
  lane = await openTinyLane({ number: 16, workers: 2 });
}, 120_000);

afterAll(() => lane.stop(), 120_000);

test('workers that die at random times leave nothing over and make nothing twice', async () => {
  const found = await runRandomRounds(lane, { rounds: 1, seed: SEED });
  expect(found).toMatchObject({ leaked: 0, doubled: 0, complaints: [] });
  expect(found.kills).toBeGreaterThan(0);
}, 300_000);
