import assert from 'node:assert/strict';
import type { Bench } from '../bench.ts';
import { simulatedCrash, type EngineTask, type HandleOptions } from '../engine.ts';
import { settle, type TraitContext } from '../trait-context.ts';

type Point = 'beforeEffect' | 'afterEffect';

/** A worker may die at any point: a later run completes the effect, and delete finds all of it. */
export function nothingLeft({ it, operations, withBench }: TraitContext): void {
  for (const operation of operations) {
    const { action } = operation;
    for (const point of ['beforeEffect', 'afterEffect'] as const) {
      it(`${action}: is completed by a later run, and deleted, wherever a worker died at ${point}`, async () => {
        for (let count = 1, reached = true; reached; count += 1) {
          await withBench(async (bench) => {
            const task = await bench.prepare(operation);
            reached = await crashAt(bench, task, point, count);
            await bench.engine.run(task);
            await bench.assertHolds(operation);
          });
          assert.ok(reached || count > 1, `${action} reaches no ${point}`);
        }
      });
    }

    if (operation.makes !== null) {
      it(`${action}: what a worker made before it died is found by its token and deleted`, async () => {
        for (let count = 1, reached = true; reached; count += 1) {
          await withBench(async (bench) => {
            const task = await bench.prepare(operation);
            reached = await crashAt(bench, task, 'afterEffect', count);
            if (reached) assert.equal((await bench.list()).length, count, 'made before the worker died');
            // Nothing but the ledger rows' tokens is known now: withBench deletes by them.
          });
        }
      });

      it(`${action}: is made anew, under the next generation, after it was deleted`, () =>
        withBench(async (bench) => {
          await bench.engine.run(await bench.prepare(operation));
          const first = (await bench.list()).map(({ token }) => token);
          await bench.deleteAll();
          await bench.engine.run(bench.task(action));
          await bench.assertHolds(operation);
          const second = (await bench.list()).map(({ token }) => token);
          assert.deepEqual(second.sort(), first.map((token) => token.replace(/g1$/, 'g2')).sort());
        }));
    }
  }
}

/** Whether the n-th point was reached; the handle ended there, or else with its answer lost. */
async function crashAt(bench: Bench, task: EngineTask, point: Point, count: number): Promise<boolean> {
  let reached = false;
  const options: HandleOptions = {
    answerLost: true,
    [point]: (current: number) => {
      if (current !== count) return;
      reached = true;
      throw simulatedCrash();
    },
  };
  const outcome = await settle(bench.engine.handle(task, options));
  if ('error' in outcome && !reached) throw outcome.error;
  assert.ok(!reached || 'error' in outcome, `the handle swallowed what ${point} threw`);
  bench.engine.ledger.expireLeases();
  return reached;
}
