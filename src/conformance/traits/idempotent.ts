import assert from 'node:assert/strict';
import type { TraitContext } from '../trait-context.ts';

/** A handle may be called any number of times, by anyone, at any moment: the effect happens once. */
export function idempotent({ it, life, operations, reads, withBench }: TraitContext): void {
  for (const operation of operations) {
    const { action } = operation;
    it(`R1 ${action}: is adopted by its token when an answer was lost, and happens once however often it is asked for`, () =>
      withBench(async (bench) => {
        const task = await bench.prepare(operation);
        await bench.engine.handle(task, { answerLost: true });
        const lost = identify(await bench.list());
        await bench.engine.handle(task);
        if (operation.makes !== null)
          assert.deepEqual(identify(await bench.list()), lost, 'made by the lost call');
        await bench.engine.handle(task);
        await bench.engine.waitUntilDone(task);
        await bench.assertHolds(operation);
        const once = await bench.list();

        await bench.engine.run(task);
        assert.deepEqual(await bench.list(), once, 'the same again, after it was done');
        await bench.engine.waitUntilDone(task);
      }));

    // Two at once of the others: the trait `frozen`, where the moment is chosen instead of hoped for.
    if (operation.makes === null) continue;
    it(`R1 ${action}: happens once when two workers do it at the same time`, () =>
      withBench(async (bench) => {
        const task = await bench.prepare(operation);
        await Promise.all([bench.engine.run(task), bench.engine.run(task)]);
        await bench.assertHolds(operation);
      }));
  }

  it(`R7 ${life.kind === 'machines' ? 'DeleteInstances and DeleteVolumes' : 'delete'}: succeed for what was never made`, () =>
    withBench((bench) => bench.deleteAll()));

  if (life.kind === 'machines')
    it('R4 FrontgateAvailable: may be observed any number of times', () =>
      withBench(async ({ engine, task }) => {
        const wait = task('FrontgateAvailable');
        await engine.waitUntilDone(wait);
        await engine.waitUntilDone(wait);
      }));

  for (const read of reads) {
    it(`${read.name}: answers the same again, and two at once`, () =>
      withBench(async (bench) => {
        const ask = () => bench.engine.read((call) => read.call(bench, call));
        const answers: unknown[] = await Promise.all([ask(), ask()]);
        answers.push(await ask());
        assert.deepEqual(answers[1], answers[0]);
        assert.deepEqual(answers[2], answers[0]);
      }));
  }
}

function identify(resources: readonly { readonly kind: string; readonly id: string }[]): readonly string[] {
  return resources.map(({ kind, id }) => `${kind} ${id}`);
}
