import { expect, test } from 'vitest';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Stores } from '../../../src/db/index.ts';

/** Work that at most one worker does at a time. */
export function leadersSuite(stores: () => Stores): void {
  test('lets one worker lead a role, which may go on leading it', async () => {
    const { leaders } = stores();
    expect(await leaders.lead('one', 'worker-a', 60)).toBe(true);
    expect(await leaders.lead('one', 'worker-b', 60)).toBe(false);
    expect(await leaders.lead('one', 'worker-a', 60)).toBe(true);
    expect(await leaders.lead('another', 'worker-b', 60)).toBe(true);
  });

  test('makes one of many leader that ask at once', async () => {
    const { leaders } = stores();
    const asked = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => leaders.lead('rush', `worker-${name}`, 60));
    expect((await Promise.all(asked)).filter(Boolean)).toHaveLength(1);
  });

  test('lets another lead once the leader has resigned, or has been silent for its time', async () => {
    const { leaders } = stores();
    await leaders.lead('next', 'worker-a', 60);
    await leaders.resign('next', 'worker-b');
    expect(await leaders.lead('next', 'worker-b', 60)).toBe(false);
    await leaders.resign('next', 'worker-a');
    expect(await leaders.lead('next', 'worker-b', 0.05)).toBe(true);
    while (!(await leaders.lead('next', 'worker-c', 60))) await sleep(10);
    expect(await leaders.lead('next', 'worker-b', 60)).toBe(false);
  });
}
