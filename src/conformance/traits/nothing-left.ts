import assert from 'node:assert/strict';
import type { TaskAction } from '../../domain/index.ts';
import type { Bench } from '../bench.ts';
import { simulatedCrash } from '../engine-rules.ts';
import type { EngineTask, HandleOptions } from '../engine.ts';
import { settle, type TraitContext } from '../trait-context.ts';

type Point = 'beforeEffect' | 'afterEffect';

/** Enough for three volumes; a provider that repeats everything each time would never end. */
const MOST_DEATHS = 7;

const MAKE_AND_REMOVE: readonly (readonly [make: TaskAction, remove: TaskAction])[] = [
  ['RunInstances', 'DeleteInstances'],
  ['CreateVolumes', 'DeleteVolumes'],
];

/** A worker may die at any point: a later run completes the effect, and delete finds all of it. */
export function nothingLeft({ it, operations, withBench }: TraitContext): void {
  const actions = new Set(operations.map((operation) => operation.action));
  for (const [make, remove] of MAKE_AND_REMOVE) {
    if (!actions.has(make) || !actions.has(remove)) continue;
    it(`R7 ${remove}: finds what was made a moment ago, which the cloud may not show yet, and says done when it is gone`, () =>
      withBench(async (bench) => {
        await bench.engine.handle(bench.task(make), { answerLost: true });
        await bench.engine.run(bench.task(remove));
        const left = (await bench.list()).map(({ kind, id, token }) => `${kind} ${id} of ${token}`);
        assert.deepEqual(left, [], 'hidden, and not gone');
      }));
  }

  for (const operation of operations) {
    const { action } = operation;
    it(`R6 ${action}: is completed and deleted, wherever workers died on the way`, () =>
      withBench(async (bench) => {
        const task = await bench.prepare(operation);
        let deaths = 0;
        // Where each finds and keeps what the one before has done, the first point is always new …
        for (let progress = true; progress && deaths < MOST_DEATHS; deaths += 1) {
          progress = await crashAt(bench, task, deaths % 2 === 0 ? 'beforeEffect' : 'afterEffect', 1);
        }
        assert.ok(deaths > 2, `${action} sends its effect past call.effect`);
        // … and where each does it again, the later ones are reached by number.
        for (let count = 2, progress = true; progress; count += 1) {
          progress = await crashAt(bench, task, 'beforeEffect', count);
          if (progress) await crashAt(bench, task, 'afterEffect', count);
        }
        await bench.engine.run(task);
        await bench.assertHolds(operation);
      }));

    if (operation.makes !== null) {
      it(`R6 ${action}: what a worker made before it died is found by its token and deleted`, async () => {
        for (let count = 1, reached = true; reached; count += 1) {
          await withBench(async (bench) => {
            const task = await bench.prepare(operation);
            reached = await crashAt(bench, task, 'afterEffect', count);
            if (reached) assert.ok((await bench.list()).length > 0, 'made before the worker died');
            // Nothing but the ledger rows' tokens is known now: withBench deletes by them.
          });
        }
      });

      it(`R3 ${action}: is created again, under the next generation, after it was deleted`, () =>
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
