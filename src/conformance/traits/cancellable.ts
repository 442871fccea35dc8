import assert from 'node:assert/strict';
import { WindlassError } from '../../domain/index.ts';
import { MAX_WATCH_MS, type Call } from '../../provider/index.ts';
import type { Bench } from '../bench.ts';
import { assertFails, settleWithin, type Outcome, type TraitContext } from '../trait-context.ts';

const ABORT_AFTER_MS = 50;

/** An aborted call ends soon, with `cancelled`, and a later one succeeds. */
export function cancellable(context: TraitContext): void {
  const { it, life, operations, reads, withBench, cancelLimitMs } = context;
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
        const early = bench.engine.poll(task, { signal: AbortSignal.abort() });
        assertCancelled(
          await settleWithin(cancelLimitMs, `${wait}, cancelled before it began,`, early),
          wait,
        );
        const abort = new AbortController();
        const timer = setTimeout(() => abort.abort(), ABORT_AFTER_MS);
        // Nothing was started, so that there is time to abort it.
        const watching = bench.engine.poll(task, { watchMs: MAX_WATCH_MS, signal: abort.signal });
        const watched = await settleWithin(cancelLimitMs, `${wait}, cancelled,`, watching);
        clearTimeout(timer);
        if ('value' in watched) assert.equal(watched.value.state, 'pending');
        // That what was never started cannot come true may be an error, but for what is to be made.
        else if (operation.makes !== null) assertCancelled(watched, wait);

        const handleTask: Cancellable = (call) => bench.engine.handle(task, call);
        const watch: Cancellable = (call) => bench.engine.poll(task, { watchMs: MAX_WATCH_MS, ...call });
        await cancelInBudget(bench, cancelLimitMs, { what: action, act: handleTask, changes: true });
        await cancelInBudget(bench, cancelLimitMs, { what: wait, act: watch });
        await cancelUnanswered(context, bench, wait, watch);
        assert.deepEqual(
          await bench.list(),
          before,
          'effects of calls that were cancelled before they had any',
        );
        // Its first request may be its effect, and what is on its way may still arrive.
        await cancelUnanswered(context, bench, action, handleTask);

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
    it('R11 FrontgateAvailable: a wait that is cancelled before it begins does not poll', () =>
      withBench(async ({ engine, task }) => {
        const wait = task('FrontgateAvailable');
        await assertFails('the wait for the frontgate', ['cancelled'], () =>
          engine.poll(wait, { signal: AbortSignal.abort() }),
        );
      }));

  for (const read of reads) {
    it(`R11 ${read.name}: ends soon when it is cancelled, before it begins or in its middle, and a later one succeeds`, () =>
      withBench(async (bench) => {
        const ask = (given: Partial<Pick<Call, 'signal'>>) =>
          bench.engine.read((call) => read.call(bench, call), given);
        const early = ask({ signal: AbortSignal.abort() });
        assertCancelled(await settleWithin(cancelLimitMs, read.name, early), read.name);
        await cancelUnanswered(context, bench, read.name, ask);
        await cancelInBudget(bench, cancelLimitMs, { what: read.name, act: ask });
        await ask({});
      }));
  }
}

type Cancellable = (call: Pick<Call, 'signal'>) => Promise<unknown>;

/**
 * The cloud answers nothing until the call has ended: a call that ignores its signal continues until
 * then, however fast the cloud is otherwise.
 */
async function cancelUnanswered(
  { optional, cancelLimitMs }: TraitContext,
  bench: Bench,
  what: string,
  act: Cancellable,
): Promise<void> {
  const { cloud } = bench.harness;
  if (optional('holdAnswers', cloud.holdAnswers) === undefined) return;
  const sent = await cloud.countRequests?.();
  const release = await cloud.holdAnswers?.();
  try {
    const waiting = `${what}, cancelled while the cloud does not answer,`;
    const outcome = await cancelSoon(cancelLimitMs, waiting, act);
    const asked = sent === undefined || (await cloud.countRequests?.()) !== sent;
    if (asked || 'error' in outcome) assertCancelled(outcome, waiting);
  } finally {
    await release?.();
  }
}

interface BudgetedCall {
  readonly what: string;
  readonly act: Cancellable;
  /** It cannot be done without the budget; what only reads may find its answer in another's request. */
  readonly changes?: true;
}

/** The budget of calls has no room until the call has ended. */
async function cancelInBudget(
  { engine }: Bench,
  limitMs: number,
  { what, act, changes }: BudgetedCall,
): Promise<void> {
  const before = engine.requests();
  const giveRoom = engine.exhaustBudget();
  try {
    const waiting = `${what}, cancelled while it waits for the budget of calls,`;
    const outcome = await cancelSoon(limitMs, waiting, act);
    if (changes === true || engine.requests() > before) assertCancelled(outcome, waiting);
  } finally {
    giveRoom();
  }
}

async function cancelSoon(limitMs: number, what: string, act: Cancellable): Promise<Outcome<unknown>> {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), ABORT_AFTER_MS);
  try {
    return await settleWithin(ABORT_AFTER_MS + limitMs, what, act({ signal: abort.signal }));
  } finally {
    clearTimeout(timer);
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
