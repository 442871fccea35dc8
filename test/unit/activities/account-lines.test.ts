import { expect, test } from 'vitest';
import { createAccountLines, type AccountLines, type Leave } from '../../../activities/account-lines.ts';

const NEVER = new AbortController().signal;

/** Lets what is resolved be heard. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** `count` pieces of work of an account: how each of them fared so far. */
async function enterMany(
  lines: AccountLines,
  account: string,
  count: number,
): Promise<('runs' | 'waits' | 'turned away')[]> {
  const states: ('runs' | 'waits' | 'turned away')[] = Array.from({ length: count }, () => 'waits');
  states.forEach((_, index) => {
    void lines.enter(account, NEVER).then((leave) => {
      states[index] = leave === null ? 'turned away' : 'runs';
    });
  });
  await settle();
  return states;
}

const countOf = (states: readonly string[], state: string): number =>
  states.filter((one) => one === state).length;

test('an account runs as much at once as it may, and the next when one has left', async () => {
  const lines = createAccountLines({ perAccount: 2, total: 20 });
  const leaves = [await lines.enter('a', NEVER), await lines.enter('a', NEVER)];
  expect(lines.isFree('a')).toBe(false);
  let third: Leave | null = null;
  void lines.enter('a', NEVER).then((leave) => (third = leave));
  await settle();
  expect(third).toBeNull();
  leaves[0]?.();
  leaves[0]?.();
  await settle();
  expect(third).not.toBeNull();
  expect(lines.isFree('a')).toBe(false);
  leaves[1]?.();
  expect(lines.isFree('a')).toBe(true);
});

test('an account that never ends anything leaves half of the worker to the others', async () => {
  const lines = createAccountLines({ perAccount: 3, total: 20 });
  const hung = await enterMany(lines, 'hangs', 100);
  expect(countOf(hung, 'runs')).toBe(3);
  expect(countOf(hung, 'waits')).toBe(7);
  expect(await enterMany(lines, 'b', 3)).toEqual(['runs', 'runs', 'runs']);
});

test('several accounts that never end anything leave room for one more', async () => {
  const lines = createAccountLines({ perAccount: 40, total: 400 });
  for (let index = 0; index < 6; index += 1) await enterMany(lines, `hangs-${index}`, 400);
  expect(await enterMany(lines, 'b', 1)).toEqual(['runs']);
});

test('work that is given up while it waits leaves nothing behind', async () => {
  const lines = createAccountLines({ perAccount: 1, total: 8 });
  const first = await lines.enter('a', NEVER);
  const impatient = new AbortController();
  const waiting = [1, 2].map(() => lines.enter('a', impatient.signal));
  impatient.abort();
  expect(await Promise.all(waiting)).toEqual([null, null]);
  first?.();
  expect(lines.isFree('a')).toBe(true);
  // All of the worker is free again: half of it for one account.
  const states = await enterMany(lines, 'b', 8);
  expect([countOf(states, 'runs'), countOf(states, 'waits')]).toEqual([1, 3]);
});
