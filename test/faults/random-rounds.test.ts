import { afterAll, beforeAll, expect, test } from 'vitest';
import { runRandomRounds } from './random-rounds.ts';
import { openLocalScenario, type LocalScenario } from './local-scenario.ts';

/** `npm run prove` runs as many rounds as requested, with any seed. */
const SEED = 3;

let scenario: LocalScenario;

beforeAll(async () => {
  scenario = await openLocalScenario({ number: 16, workers: 2 });
}, 120_000);

afterAll(() => scenario.stop(), 120_000);

test('workers that die at random times leave nothing behind and create nothing twice', async () => {
  const found = await runRandomRounds(scenario, { rounds: 1, seed: SEED });
  expect(found).toMatchObject({ leaked: 0, doubled: 0, problems: [] });
  expect(found.kills).toBeGreaterThan(0);
}, 300_000);
