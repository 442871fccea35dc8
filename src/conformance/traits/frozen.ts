import assert from 'node:assert/strict';
import { eventually, type Bench } from '../bench.ts';
import type { EngineTask, HandleOptions } from '../engine.ts';
import type { Operation } from '../operations.ts';
import {
  captureError,
  createGate,
  settle,
  settleWithin,
  type Gate,
  type TraitContext,
} from '../trait-context.ts';

/** Two workers at once, of whom the first is frozen between its read and its effect. */
export function frozen({ it, operations, withBench, waitLimitMs, optional }: TraitContext): void {
  for (const operation of operations) {
    const { action } = operation;
    // The engine takes the budget before it checks the lease: frozen in between, a worker must notice.
    it(`R2 ${action}: a worker that lost its lease while it waited for the budget fails with LEASE_LOST`, () =>
      withBench(async (bench) => {
        const task = await bench.prepare(operation);
        const gate = createGate();
        let effects = 0;
        const first = startFrozen(bench, task, gate, {
          inBudget: () => gate.freezeOnce(),
          afterEffect: () => void (effects += 1),
        });
        await isFrozen(gate, first, waitLimitMs);
        const done = await overtake(bench, operation, task);
        gate.open();
        const error = await captureError(`${action} of the frozen worker`, () => first);
        assert.equal(`${error.kind} ${error.code}`, 'conflict LEASE_LOST', error.message);
        // The engine also refuses what it reports afterwards, with the same error: too late for the cloud.
        assert.equal(effects, 0, 'effects of the frozen worker after it was refused');
        assert.deepEqual(
          await bench.list(),
          done,
          'the frozen worker changed the cloud after it was overtaken',
        );
      }));

    it(`R1 ${action}: happens once although a worker froze too late for its lease to stop it`, () =>
      withBench(async (bench) => {
        const task = await bench.prepare(operation);
        const gate = createGate();
        const first = startFrozen(bench, task, gate, { pastLease: () => gate.freezeOnce() });
        await isFrozen(gate, first, waitLimitMs);
        const done = await overtake(bench, operation, task);
        gate.open();
        // Whether it finds its effect there or is refused by the cloud does not matter.
        await settleWithin(waitLimitMs, `${action} of the frozen worker`, first);
        // What it sent late may still be on its way; nothing waits for that.
        await eventually(waitLimitMs, () => bench.assertHolds(operation));
        assert.deepEqual(
          identify(await bench.list()),
          identify(done),
          'made once, whichever worker was last',
        );
      }));

    if (operation.makes === null) continue;
    it(`R1 ${action}: a worker that wakes up when others have made and deleted its resource makes none`, () =>
      withBench(async (bench) => {
        if (optional('lastingFence', true) === undefined) return;
        const task = await bench.prepare(operation);
        const gate = createGate();
        const first = startFrozen(bench, task, gate, { pastLease: () => gate.freezeOnce() });
        await isFrozen(gate, first, waitLimitMs);
        await overtake(bench, operation, task);
        await bench.deleteAll();
        gate.open();
        await settleWithin(waitLimitMs, `${action} of the frozen worker`, first);
        const left = (await bench.list()).map(({ kind, id, token }) => `${kind} ${id} of ${token}`);
        assert.deepEqual(left, [], 'made again by a worker that froze, after its resource was deleted');
      }));
  }
}

function startFrozen(bench: Bench, task: EngineTask, gate: Gate, options: HandleOptions): Promise<unknown> {
  const first = bench.engine.handle(task, options);
  // Looked at later; until then a failure must not count as unhandled.
  void settle(first).then(() => gate.open());
  return first;
}

async function isFrozen(gate: Gate, first: Promise<unknown>, limitMs: number): Promise<void> {
  const ended = settle(first).then((outcome) => {
    if ('error' in outcome) throw outcome.error;
    assert.fail('the handle returned without taking the budget for a change by call.effect');
  });
  await settleWithin(limitMs, 'the way to the effect', Promise.race([gate.reached, ended])).then(
    (outcome) => {
      if ('error' in outcome) throw outcome.error;
    },
  );
}

async function overtake(bench: Bench, operation: Operation, task: EngineTask) {
  bench.engine.ledger.expireLeases();
  await bench.engine.run(task);
  await bench.assertHolds(operation);
  return bench.list();
}

function identify(resources: Awaited<ReturnType<Bench['list']>>): readonly string[] {
  return resources.map(({ kind, id, token }) => `${kind} ${id} of ${token}`);
}
