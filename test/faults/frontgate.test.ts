import { afterAll, expect, test } from 'vitest';
import { expectedWorlds, liveBehindFrontgate } from './frontgate-life.ts';
import { createRandomSource, type RandomSource } from './random.ts';
import { openTinyLane, type TinyLane } from './tiny-lane.ts';

const CLUSTERS = 3;
const SEED = 5;
/** Of the boundaries that every job has; `npm run prove -- frontgate` dies at all of them. */
const SAMPLE = 5;
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
  const armed = [...pickOneOfEachName(own, random), ...random.pickSome(others, SAMPLE)];
  lane.faults.arm(armed);
  for (let round = 1; round <= ROUNDS && lane.faults.killed().length < armed.length; round += 1) {
    expect(await liveBehindFrontgate(lane, CLUSTERS)).toMatchObject(wanted);
  }
  process.stdout.write(`${points.length} points, ${lane.faults.killed().length} kills\n`);
  expect(new Set(lane.faults.killed())).toEqual(new Set(armed));
}, 900_000);

/** Each step of the frontgate's own tasks and activities once, in one of the phases that know it. */
function pickOneOfEachName(points: readonly string[], random: RandomSource): readonly string[] {
  const byName = Map.groupBy(points, (point) => point.split(' ')[1]);
  return [...byName.values()].flatMap((same) => same.at(random.pickNumber(same.length)) ?? []);
}
