import assert from 'node:assert/strict';
import { WindlassError } from '../../domain/index.ts';
import { MAX_WATCH_MS, type Call } from '../../provider/index.ts';
import type { Bench } from '../bench.ts';
import { assertFails, settleWithin, type Outcome, type TraitContext } from '../trait-context.ts';

const ABORT_AFTER_MS = 50;

/** An aborted call ends soon, with `cancelled`, and a later one succeeds. */
export function cancellable({ it, life, operations, reads, withBench, cancelLimitMs }: TraitContext): void {
  for (const operation of operations) {
    const { action } = operation;
    it(`R11 ${action}: ends soon when it is cancelled, before it begins or in its middle, and a later run succeeds`, () =>
      withBench(async (bench) => {
        const task = await bench.prepare(operation);
        const before = await bench.list();
        let effects = 0;
        const refused = bench.engine.handle(task, {
          signal: AbortSignal.abort(),
          beforeEffect: () => void (effects += 1),
        });
        assertCancelled(
          await settleWithin(cancelLimitMs, `${action}, cancelled before it began,`, refused),
          action,
        );
        assert.equal(effects, 0, 'effects of a call that was cancelled before it began');
        assert.deepEqual(await bench.list(), before);

        const wait = `the wait of ${action}`;
        const early = bench.engine.look(task, { signal: AbortSignal.abort() });
        assertCancelled(
          await settleWithin(cancelLimitMs, `${wait}, cancelled before it began,`, early),
          wait,
        );
        const look = new AbortController();
        const timer = setTimeout(() => look.abort(), ABORT_AFTER_MS);
        // Nothing was started, so that there is time to abort it.
        const watching = bench.engine.look(task, { watchMs: MAX_WATCH_MS, signal: look.signal });
        const watched = await settleWithin(cancelLimitMs, `${wait}, cancelled,`, watching);
        clearTimeout(timer);
        if ('value' in watched) assert.equal(watched.value.state, 'pending');
        // That what was never started cannot come true may be an error, but for what is to be made.
        else if (operation.makes !== null) assertCancelled(watched, wait);

        await cancelUnanswered(bench, cancelLimitMs, action, (call) => bench.engine.handle(task, call));
        await cancelUnanswered(bench, cancelLimitMs, wait, ({ signal }) =>
          bench.engine.look(task, { watchMs: MAX_WATCH_MS, signal }),
        );
        assert.deepEqual(
          await bench.list(),
          before,
          'effects of calls that were cancelled before they had any',
        );

        const effect = new AbortController();
        const handle = bench.engine.handle(task, {
          signal: effect.signal,
          beforeEffect: () => effect.abort(),
        });
        const handled = await settleWithin(cancelLimitMs, `${action}, cancelled at its effect,`, handle);
        if ('error' in handled) assertCancelled(handled, action);
        await bench.engine.run(task);
        await bench.assertHolds(operation);
      }));
  }

  if (life.kind === 'machines')
    it('R11 FrontgateAvailable: a wait that is cancelled before it begins looks no more', () =>
      withBench(async ({ engine, task }) => {
        const wait = task('FrontgateAvailable');
        await assertFails('the wait for the frontgate', ['cancelled'], () =>
          engine.look(wait, { signal: AbortSignal.abort() }),
        );
      }));

  for (const read of reads) {
    it(`R11 ${read.name}: ends soon when it is cancelled, before it begins or in its middle, and a later one succeeds`, () =>
      withBench(async (bench) => {
        const ask = (given: Partial<Pick<Call, 'signal'>>) =>
          bench.engine.read((call) => read.call(bench, call), given);
        const early = ask({ signal: AbortSignal.abort() });
        assertCancelled(await settleWithin(cancelLimitMs, read.name, early), read.name);
        await cancelUnanswered(bench, cancelLimitMs, read.name, ask);
        await ask({});
      }));
  }
}

type Cancellable = (call: Pick<Call, 'signal'>) => Promise<unknown>;

/**
 * The cloud answers nothing until the call has ended: a call that ignores its signal goes on until
 * then, however fast the cloud is otherwise.
 */
async function cancelUnanswered(
  bench: Bench,
  limitMs: number,
  what: string,
  act: Cancellable,
): Promise<void> {
  const release = await bench.harness.world.holdAnswers?.();
  if (release === undefined) return;
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), ABORT_AFTER_MS);
  try {
    const outcome = await settleWithin(
      ABORT_AFTER_MS + limitMs,
      `${what}, cancelled while the cloud does not answer,`,
      act({ signal: abort.signal }),
    );
    assertCancelled(outcome, what);
  } finally {
    clearTimeout(timer);
    await release();
  }
}

function assertCancelled(outcome: Outcome<unknown>, what: string): void {
  assert.ok('error' in outcome, `${what} returned although it was cancelled`);
  const { error } = outcome;
  assert.ok(
    WindlassError.isInstance(error),
    `${what} failed with something else than a WindlassError: ${String(error)}`,
  );
  assert.equal(error.kind, 'cancelled', `${what}: ${error.message}`);
}
