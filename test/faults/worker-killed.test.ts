import { expect, test } from 'vitest';
import { killAtBoundaries } from './boundary-kills.ts';
import { createRandomSource } from './random.ts';
import { EMPTY_CLOUD } from './snapshot-cloud.ts';

/** Which point of each boundary in the four actions is used; `npm run prove -- boundaries` uses all. */
const SEED = 11;

/** `create RunInstances:recorded` and `start RunInstances:recorded` are points of one boundary. */
function boundaryOf(point: string): string {
  return point.slice(point.indexOf(' ') + 1);
}

/** One point of each boundary. */
function sample(points: readonly string[]): readonly string[] {
  const byBoundary = new Map<string, string>();
  for (const point of createRandomSource(SEED).shuffle(points)) byBoundary.set(boundaryOf(point), point);
  return [...byBoundary.values()];
}

test('a worker that dies at any boundary of create, stop, start and delete changes nothing', async () => {
  const { clean, points, chosen, killed, missed, different } = await killAtBoundaries(sample);
  expect(clean.map(({ services }) => services)).toEqual([
    ['init start', 'init start'],
    ['init start stop', 'init start stop'],
    ['init start stop start', 'init start stop start'],
    ['init start stop start destroy stop', 'init start stop start destroy stop'],
  ]);
  expect(clean.flatMap(({ problems }) => problems)).toEqual([]);
  expect(clean.at(-1)?.cloud).toEqual(EMPTY_CLOUD);
  process.stdout.write(`seed ${SEED}: ${chosen.length} of ${points.length} points, ${killed.length} kills\n`);
  expect(different).toEqual([]);
  expect(missed).toEqual([]);
  expect(killed.some((point) => boundaryOf(point).startsWith('Wait'))).toBe(true);
}, 1_200_000);
