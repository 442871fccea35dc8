import { afterAll, expect, test } from 'vitest';
import { expectedWorlds, liveBehindFrontgate } from './frontgate-life.ts';
import { createRandomSource } from './random.ts';
import { openTinyLane, type TinyLane } from './tiny-lane.ts';

const CLUSTERS = 3;
const SEED = 5;
/** Of the frontgate's own points, and of those that every job has; `npm run prove -- frontgate` dies at all. */
const SAMPLE = { own: 5, others: 2 };
/** A point may be passed by in a round: a retry finds its task done already. */
const ROUNDS = 3;

let lane: TinyLane | undefined;

afterAll(() => lane?.stop(), 120_000);

test('clusters that come and go at once have one frontgate, made once and removed once, whoever dies', async () => {
  lane = await openTinyLane({ number: 41, workers: 2, nodes: 1, settings: { frontgate: 'on' } });
  const wanted = { made: 1, violations: [], complaints: [], worlds: expectedWorlds(CLUSTERS) };

  const clean = await liveBehindFrontgate(lane, CLUSTERS);
  expect(clean).toMatchObject(wanted);
  expect(clean.looks).toBeGreaterThan(20);

  const points = lane.faults.reached();
  const own = points.filter((point) => point.includes('Frontgate'));
  const others = points.filter((point) => !point.includes('Frontgate'));
  // Every phase passes by here: the set changes, its workflow looks, somebody waits.
  for (const part of ['AcquireFrontgate:recorded', 'ReleaseFrontgate:recorded', 'LoadFrontgate:stored']) {
    expect(own.filter((point) => point.endsWith(part)).length, part).toBeGreaterThanOrEqual(2);
  }
  const random = createRandomSource(SEED);
  const armed = [...random.pickSome(own, SAMPLE.own), ...random.pickSome(others, SAMPLE.others)];
  process.stdout.write(`seed ${SEED} of ${points.length} points: ${armed.join(', ')}\n`);
  lane.faults.arm(armed);
  for (let round = 1; round <= ROUNDS && lane.faults.killed().length < armed.length; round += 1) {
    expect(await liveBehindFrontgate(lane, CLUSTERS)).toMatchObject(wanted);
  }
  expect(new Set(lane.faults.killed())).toEqual(new Set(armed));
}, 900_000);
