import assert from 'node:assert/strict';
import { ERROR_KINDS, WindlassError, type ErrorKind } from '../../domain/index.ts';
import type { Bench } from '../bench.ts';
import { simulatedCrash } from '../engine-rules.ts';
import type { EngineTask, HandleOptions } from '../engine.ts';
import { DISTURBANCES, type ConformanceCloud, type Disturbance } from '../options.ts';
import { settle, type Outcome, type TraitContext } from '../trait-context.ts';

/** Kinds that an error may have when the API is disturbed, by what disturbs it. */
const KINDS_OF: Readonly<Record<Disturbance, readonly ErrorKind[]>> = {
  throttled: ['throttled'],
  failed: ['unavailable'],
  broken: ['unavailable', 'timeout'],
};
const SENTENCE = 'the cloud says no, with reference 4711';
/** Enough for three volumes, or for what a provider does again each time. */
const MOST_EFFECTS = 4;

/** Each effect is refused with each kind of the closed list, and each answer is lost; the API has bad days. */
export function refused(context: TraitContext): void {
  const { it, operations, reads, withBench, choose, optional } = context;
  for (const operation of operations) {
    const { action } = operation;
    it(`R8 ${action}: each effect that is refused ends it with the error's own kind and words, and a later run completes it`, () =>
      withBench(async (bench) => {
        const task = await bench.prepare(operation);
        const before = await bench.list();
        const kinds = choose(ERROR_KINDS, action);
        await refuseEach(bench, task, kinds, 1);
        assert.deepEqual(await bench.list(), before, 'changed although each effect was refused');
        // Where each finds and keeps what the one before has done, the first effect is always another …
        for (let done = 1; done < MOST_EFFECTS && (await advance(bench, task)); done += 1)
          await refuseEach(bench, task, kinds, 1);
        // … and where each does it again, the later ones are reached by number.
        for (let nth = 2, reached = true; reached; nth += 1)
          reached = await refuseEach(bench, task, kinds, nth);
        await bench.engine.run(task);
        await bench.assertHolds(operation);
      }));

    it(`R1 ${action}: happens once although no answer to its effects arrives at first`, () =>
      withBench(async (bench) => {
        const task = await bench.prepare(operation);
        await bench.engine.run(task, {
          afterEffect(count) {
            if (count <= MOST_EFFECTS) throw refusal('unavailable');
          },
        });
        await bench.assertHolds(operation);
      }));

    it(`R8 ${action}: says it when the API throttles, fails or breaks its answers, sends nothing again by itself, and a later run completes it`, () =>
      withBench(async (bench) => {
        const { cloud } = bench.harness;
        if (optional('disturb', cloud.disturb) === undefined) return;
        const task = await bench.prepare(operation);
        for (const disturbance of choose(DISTURBANCES, action))
          await disturbEffect(bench, task, action, disturbance);
        await bench.engine.handle(task);
        const disturbances = choose(DISTURBANCES, `Wait${action}`);
        for (const disturbance of disturbances)
          await assertTellsOf(cloud, disturbance, `the wait of ${action}`, () =>
            bench.engine.poll(task, { once: true }),
          );
        await bench.engine.run(task);
        await bench.assertHolds(operation);
      }));
  }

  for (const read of reads) {
    it(`R8 ${read.name}: says it when the API throttles, fails or breaks its answers, and a later one succeeds`, () =>
      withBench(async (bench) => {
        const { cloud } = bench.harness;
        if (optional('disturb', cloud.disturb) === undefined) return;
        // With something made, so that every function has something to ask the cloud about.
        await bench.engine.run(bench.task(context.life.make));
        for (const disturbance of choose(DISTURBANCES, read.name)) {
          await assertTellsOf(cloud, disturbance, read.name, () =>
            bench.engine.read((call) => read.call(bench, call), { once: true }),
          );
        }
        await bench.engine.read((call) => read.call(bench, call));
      }));
  }
}

/** Whether the n-th effect was reached. */
async function refuseEach(
  bench: Bench,
  task: EngineTask,
  kinds: readonly ErrorKind[],
  nth: number,
): Promise<boolean> {
  let reached = false;
  for (const kind of kinds) reached = await refuse(bench, task, kind, nth);
  return reached;
}

/** One handle of which the n-th effect and all later ones are refused. Whether it came so far. */
async function refuse(bench: Bench, task: EngineTask, kind: ErrorKind, nth: number): Promise<boolean> {
  let reached = false;
  const options: HandleOptions = {
    once: true,
    answerLost: true,
    pastLease(count) {
      if (count < nth) return;
      reached = true;
      throw refusal(kind);
    },
  };
  const outcome = await settle(bench.engine.handle(task, options));
  bench.engine.ledger.expireLeases();
  if (!reached && 'error' in outcome) throw outcome.error;
  assert.ok(reached || nth > 1, `${task.task.action} sends its effect past call.effect`);
  if (!reached) return false;
  const error = assertTold(`${task.task.action}, refused with ${kind},`, outcome, [kind]);
  assert.ok(error.message.includes(SENTENCE), `the cloud's own sentence is lost in: ${error.message}`);
  return true;
}

/** One handle of which the first effect passes, and the next is the last thing its worker does. Whether there was a next. */
async function advance(bench: Bench, task: EngineTask): Promise<boolean> {
  let reached = false;
  const outcome = await settle(
    bench.engine.handle(task, {
      once: true,
      answerLost: true,
      beforeEffect(count) {
        if (count < 2) return;
        reached = true;
        throw simulatedCrash();
      },
    }),
  );
  bench.engine.ledger.expireLeases();
  if (!reached && 'error' in outcome) throw outcome.error;
  return reached;
}

/** The API is disturbed from the moment on at which the provider sends its first effect. */
async function disturbEffect(
  bench: Bench,
  task: EngineTask,
  action: string,
  disturbance: Disturbance,
): Promise<void> {
  const { cloud } = bench.harness;
  const what = `${action}, ${disturbance} at its effect,`;
  let settled: (() => Promise<void>) | undefined;
  const before = { budgeted: bench.engine.requests(), sent: await cloud.countRequests?.() };
  try {
    const outcome = await settle(
      bench.engine.handle(task, {
        once: true,
        answerLost: true,
        pastLease: async () => {
          settled ??= await cloud.disturb?.(disturbance);
        },
      }),
    );
    // What an earlier disturbance left to be found may be all that is to be done.
    if (settled === undefined) return;
    assertTold(what, outcome, KINDS_OF[disturbance]);
  } finally {
    await settled?.();
    bench.engine.ledger.expireLeases();
  }
  if (before.sent === undefined) return;
  const sent = ((await cloud.countRequests?.()) ?? 0) - before.sent;
  const budgeted = bench.engine.requests() - before.budgeted;
  assert.ok(sent <= budgeted, `${what} sent ${sent} requests, ${budgeted} of them behind budget and lease`);
}

/** The API is disturbed during a call that only reads. One that sends no request is not concerned. */
async function assertTellsOf(
  cloud: ConformanceCloud,
  disturbance: Disturbance,
  what: string,
  read: () => Promise<unknown>,
): Promise<void> {
  const before = await cloud.countRequests?.();
  const settled = await cloud.disturb?.(disturbance);
  let outcome: Outcome<unknown>;
  try {
    outcome = await settle(read());
  } finally {
    await settled?.();
  }
  if (before !== undefined && (await cloud.countRequests?.()) === before) return;
  assertTold(`${what}, ${disturbance},`, outcome, KINDS_OF[disturbance]);
}

function refusal(kind: ErrorKind): WindlassError {
  return new WindlassError(kind, SENTENCE, { code: 'SIMULATED_REFUSAL', retryAfterMs: 0 });
}

function assertTold(what: string, outcome: Outcome<unknown>, kinds: readonly ErrorKind[]): WindlassError {
  assert.ok('error' in outcome, `${what} returned as if nothing had happened`);
  const { error } = outcome;
  assert.ok(
    WindlassError.isInstance(error),
    `${what} failed with something else than a WindlassError: ${String(error)}`,
  );
  assert.ok(
    kinds.includes(error.kind),
    `${what} failed with ${error.kind} (${error.message}), not ${kinds.join(' or ')}`,
  );
  return error;
}
