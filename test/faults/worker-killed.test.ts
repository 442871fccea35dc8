import { afterAll, expect, test } from 'vitest';
import { runFourActions, type Stage } from './four-actions.ts';
import { EMPTY_WORLD } from './survey.ts';
import { openTinyLane, type TinyLane } from './tiny-lane.ts';

const LANES = 3;
const WORKERS = 2;
/** A point may be passed by in a round: a retry finds its task done already. */
const ROUNDS = 4;

const lanes: TinyLane[] = [];

async function openLane(number: number): Promise<TinyLane> {
  const lane = await openTinyLane({ number, workers: WORKERS });
  lanes.push(lane);
  return lane;
}

afterAll(async () => {
  await Promise.all(lanes.map((lane) => lane.stop()));
}, 120_000);

/** One life of a cluster after another, until a worker has died once at every one of the points. */
async function killAtEach(lane: TinyLane, points: readonly string[], clean: readonly Stage[]): Promise<void> {
  lane.faults.arm(points);
  for (let round = 1; round <= ROUNDS; round += 1) {
    expect(await runFourActions(lane, clean)).toEqual(clean);
    lane.records.forget();
    if (lane.faults.killed().length === points.length) return;
  }
}

test('a worker that dies at any boundary of create, stop, start and delete changes nothing', async () => {
  const first = await openLane(1);
  const clean = await runFourActions(first);
  const points = first.faults.reached();
  first.records.forget();
  expect(clean.map(({ services }) => services)).toEqual([
    ['init start', 'init start'],
    ['init start stop', 'init start stop'],
    ['init start stop start', 'init start stop start'],
    ['init start stop start destroy stop', 'init start stop start destroy stop'],
  ]);
  expect(clean.flatMap(({ complaints }) => complaints)).toEqual([]);
  expect(clean.at(-1)?.world).toEqual(EMPTY_WORLD);

  const others = await Promise.all(Array.from({ length: LANES - 1 }, (_, index) => openLane(index + 2)));
  await Promise.all(
    [first, ...others].map((lane, index) => {
      const share = points.filter((_, position) => position % LANES === index);
      return killAtEach(lane, share, clean);
    }),
  );
  const kills = lanes.flatMap((lane) => lane.faults.killed());
  process.stdout.write(`${points.length} points, ${kills.length} kills\n`);
  expect(new Set(kills)).toEqual(new Set(points));
}, 1_200_000);
