import { afterAll, expect, test } from 'vitest';
import {
  findFrontgateScenarioObstacle,
  openFrontgateScenario,
  type FrontgateScenario,
} from './frontgate-scenario.ts';
import { runFrontgateClusters } from './frontgate-cluster-life.ts';
import { createRandomSource } from './random.ts';

const CLUSTERS = 2;
const SEED = 11;
/** Of the frontgate's own points, and of those that every job has; `npm run prove -- frontgate` uses all. */
const SAMPLE = { own: 3, others: 2 };
/** A point may be missed in a round: a retry finds its task done already. */
const ROUNDS = 3;
const OBSTACLE = findFrontgateScenarioObstacle();

let scenario: FrontgateScenario | undefined;

afterAll(() => scenario?.stop(), 120_000);

test('clusters on machines behind a frontgate have one, and are reached only through it, whichever worker dies', async (context) => {
  if (OBSTACLE !== null) context.skip(OBSTACLE);
  const { book, vpc, faults } = (scenario = await openFrontgateScenario({ number: 2, workers: 2 }));
  const wanted = { made: 1, violations: [], problems: [] };

  const clean = await runFrontgateClusters(scenario, CLUSTERS, async (action) => {
    if (action !== 'create') return;
    // Proves that another way in would be noticed.
    vpc.openWide();
    await expect.poll(() => book.lookPast()).toHaveLength(CLUSTERS);
    vpc.closeAgain();
    expect(await book.lookPast()).toEqual([]);
  });
  expect(clean).toMatchObject(wanted);
  expect(clean.attempts).toBeGreaterThan(CLUSTERS);

  const points = faults.reached();
  const own = points.filter((point) => point.includes('Frontgate'));
  const others = points.filter((point) => !point.includes('Frontgate'));
  const random = createRandomSource(SEED);
  const armed = [...random.pickSome(own, SAMPLE.own), ...random.pickSome(others, SAMPLE.others)];
  process.stdout.write(`seed ${SEED} of ${points.length} points: ${armed.join(', ')}\n`);
  faults.arm(armed);
  for (let round = 1; round <= ROUNDS && (round === 1 || faults.missed().length > 0); round += 1) {
    expect(await runFrontgateClusters(scenario, CLUSTERS)).toMatchObject(wanted);
  }
  expect(faults.missed()).toEqual([]);
}, 600_000);
