import { afterAll, expect, test } from 'vitest';
import { expectedClouds, liveBehindFrontgate } from './frontgate-life.ts';
import { createRandomSource } from './random.ts';
import { openLocalScenario, type LocalScenario } from './local-scenario.ts';

const CLUSTERS = 3;
const SEED = 5;
/** Of the frontgate's own points, and of those that every job has; `npm run prove -- frontgate` uses all. */
const SAMPLE = { own: 5, others: 2 };
/** A point may be missed in a round: a retry finds its task done already. */
const ROUNDS = 3;

let scenario: LocalScenario | undefined;

afterAll(() => scenario?.stop(), 120_000);

test('clusters that are created and deleted at the same time have one frontgate, created once and removed once, whichever worker dies', async () => {
  scenario = await openLocalScenario({ number: 41, workers: 2, nodes: 1, settings: { frontgate: 'on' } });
  const wanted = { made: 1, violations: [], problems: [], clouds: expectedClouds(CLUSTERS) };

  const clean = await liveBehindFrontgate(scenario, CLUSTERS);
  expect(clean).toMatchObject(wanted);
  expect(clean.looks).toBeGreaterThan(20);

  const points = scenario.faults.reached();
  const own = points.filter((point) => point.includes('Frontgate'));
  const others = points.filter((point) => !point.includes('Frontgate'));
  // Every phase is covered here: the set changes, its workflow reads it, a cluster waits.
  for (const part of ['AcquireFrontgate:recorded', 'ReleaseFrontgate:recorded', 'LoadFrontgate:stored']) {
    expect(own.filter((point) => point.endsWith(part)).length, part).toBeGreaterThanOrEqual(2);
  }
  const random = createRandomSource(SEED);
  const armed = [...random.pickSome(own, SAMPLE.own), ...random.pickSome(others, SAMPLE.others)];
  process.stdout.write(`seed ${SEED} of ${points.length} points: ${armed.join(', ')}\n`);
  scenario.faults.arm(armed);
  for (let round = 1; round <= ROUNDS && (round === 1 || scenario.faults.missed().length > 0); round += 1) {
    expect(await liveBehindFrontgate(scenario, CLUSTERS)).toMatchObject(wanted);
  }
  expect(scenario.faults.missed()).toEqual([]);
}, 900_000);
