import { expect, test } from 'vitest';
import type { Stores } from '../../../src/db/index.ts';
import type { QueueScope } from '../../../src/domain/index.ts';
import { aRuntime } from '../../kit/sample-records.ts';

/** Turns of the clouds' APIs. */
export function callBudgetSuite(stores: () => Stores): void {
  const reserve = (scope: QueueScope, count: number, perSecond: number | null) =>
    stores().callBudget.reserve(scope, count, perSecond);

  async function addRuntime(
    id: string,
    account: string,
    settings: Record<string, string>,
  ): Promise<QueueScope> {
    await stores().runtimes.create(aRuntime(id, { account, settings }), null);
    return { provider: 'memory', account, region: 'region-1' };
  }

  test('knows no limit where neither a runtime nor the provider sets one', async () => {
    const scope = await addRuntime('budget-1', 'budget-free', {});
    expect(await reserve(scope, 1, null)).toBeNull();
    expect(await reserve(scope, 1000, null)).toBeNull();
  });

  test('hands out turns one after the other to all workers', async () => {
    const scope = await addRuntime('budget-2', 'budget-turns', {});
    // Seconds: a busy machine needs its time between them.
    const first = await reserve(scope, 10, 1);
    const second = await reserve(scope, 5, 1);
    const third = await reserve(scope, 1, 1);
    expect(first?.perSecond).toBe(1);
    // What an idle account has saved up is a quarter of a second; some of it passed since.
    expect(first?.waitMs).toBeGreaterThanOrEqual(-251);
    expect(first?.waitMs).toBeLessThanOrEqual(0);
    expect(second?.waitMs).toBeGreaterThan(5_000);
    expect(second?.waitMs).toBeLessThanOrEqual(10_000);
    expect((third?.waitMs ?? 0) - (second?.waitMs ?? 0)).toBeGreaterThan(2_500);
    expect((third?.waitMs ?? 0) - (second?.waitMs ?? 0)).toBeLessThanOrEqual(5_001);
  });

  test('lets the smallest setting of an account count, before the provider’s default', async () => {
    const scope = await addRuntime('budget-3', 'budget-set', { callsPerSecond: '7' });
    expect((await reserve(scope, 1, 100))?.perSecond).toBe(7);
    await addRuntime('budget-4', 'budget-set', { callsPerSecond: '2.5' });
    expect((await reserve(scope, 1, null))?.perSecond).toBe(2.5);
    await stores().runtimes.delete('rt-budget-4');
    expect((await reserve(scope, 1, null))?.perSecond).toBe(7);
    expect((await reserve({ ...scope, region: 'region-2' }, 1, 100))?.perSecond).toBe(100);
  });

  test('counts accounts and regions apart', async () => {
    const scope = await addRuntime('budget-5', 'budget-apart', {});
    await reserve(scope, 100, 10);
    expect((await reserve({ ...scope, region: 'elsewhere' }, 1, 10))?.waitMs).toBeLessThanOrEqual(0);
    expect((await reserve({ ...scope, account: 'another' }, 1, 10))?.waitMs).toBeLessThanOrEqual(0);
    expect((await reserve(scope, 1, 10))?.waitMs).toBeGreaterThan(5_000);
  });

  test('loses no turn and gives none twice when many ask at once', async () => {
    const scope = await addRuntime('budget-6', 'budget-many', {});
    const waits = await Promise.all(Array.from({ length: 40 }, () => reserve(scope, 1, 1)));
    // Every wait is told at another moment, so turns are compared by the last: 40 turns at one a second.
    const last = await reserve(scope, 1, 1);
    expect(waits.every((wait) => wait !== null)).toBe(true);
    expect(last?.waitMs).toBeLessThanOrEqual(40_000);
    expect(last?.waitMs).toBeGreaterThan(20_000);
  });
}
