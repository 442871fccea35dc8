import { expect, it } from 'vitest';
import { createCallBudgets } from '../../../activities/call-budget.ts';
import type { CallBudgetStore } from '../../../src/db/index.ts';

const SCOPE = { provider: 'memory', account: 'a', region: 'r' };
const NEVER = new AbortController().signal;

/** A store that hands out turns from a start that is now, and remembers what was taken at once. */
function createStore(perSecond: number | null): CallBudgetStore & { readonly taken: number[] } {
  const taken: number[] = [];
  let nextAt = 0;
  return {
    taken,
    async reserve(_scope, count) {
      taken.push(count);
      if (perSecond === null) return null;
      const begin = Math.max(nextAt, performance.now());
      nextAt = begin + (count * 1000) / perSecond;
      return { perSecond, waitMs: begin - performance.now() };
    },
  };
}

it('lets requests go at the pace of the budget, in the order of asking', async () => {
  const budgets = createCallBudgets(createStore(50));
  const begun = performance.now();
  const order: number[] = [];
  await Promise.all(
    Array.from({ length: 20 }, async (_, index) => {
      await budgets.open(SCOPE, {}, NEVER)();
      order.push(index);
    }),
  );
  // The first goes at once; 19 intervals of 20 ms follow.
  expect(performance.now() - begun).toBeGreaterThan(375);
  expect(order).toEqual(Array.from({ length: 20 }, (_, index) => index));
});

it('takes turns of many waiting calls together, a quarter of a second at once', async () => {
  const store = createStore(100);
  const budgets = createCallBudgets(store);
  await Promise.all(Array.from({ length: 60 }, () => budgets.open(SCOPE, {}, NEVER)()));
  expect(store.taken).toEqual([1, 25, 25, 9]);
});

it('takes as many turns as requests are announced', async () => {
  const store = createStore(100);
  const budgets = createCallBudgets(store);
  const begun = performance.now();
  await budgets.open(SCOPE, {}, NEVER)(40);
  await budgets.open(SCOPE, {}, NEVER)();
  expect(store.taken).toEqual([40, 1]);
  expect(performance.now() - begun).toBeGreaterThan(390);
});

it('asks the store no more for a while where there is no limit', async () => {
  const store = createStore(null);
  const budgets = createCallBudgets(store);
  for (let count = 0; count < 10; count += 1) await budgets.open(SCOPE, {}, NEVER)();
  await budgets.open(null, {}, NEVER)();
  expect(store.taken).toEqual([1]);
});

it('lets a call that is cancelled while it waits go at once, and gives its turn to the next', async () => {
  const store = createStore(2);
  const budgets = createCallBudgets(store);
  await budgets.open(SCOPE, {}, NEVER)();
  const controller = new AbortController();
  const order: string[] = [];
  const given = budgets
    .open(SCOPE, {}, controller.signal)()
    .finally(() => order.push('given up'));
  const next = budgets
    .open(SCOPE, {}, NEVER)()
    .finally(() => order.push('next'));
  controller.abort();
  await expect(given).rejects.toMatchObject({ kind: 'cancelled', code: 'CANCELLED' });
  await next;
  expect(order).toEqual(['given up', 'next']);
  // The turn after the first, not the one after that.
  expect(store.taken).toEqual([1, 1]);
  await expect(budgets.open(SCOPE, {}, controller.signal)()).rejects.toMatchObject({ kind: 'cancelled' });
});

it('fails those who wait when the budget cannot be asked, and asks again for the next', async () => {
  let broken = true;
  const store = createStore(null);
  const budgets = createCallBudgets({
    reserve: (...parameters) =>
      broken ? Promise.reject(new Error('no database')) : store.reserve(...parameters),
  });
  const waiting = [budgets.open(SCOPE, {}, NEVER)(), budgets.open(SCOPE, {}, NEVER)()];
  expect((await Promise.allSettled(waiting)).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  broken = false;
  await budgets.open(SCOPE, {}, NEVER)();
});
