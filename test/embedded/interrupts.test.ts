import { afterEach, expect, it } from 'vitest';
import { type Interrupts, listenForInterrupts } from '../../src/embedded/interrupts.ts';

let interrupts: Interrupts | null = null;
afterEach(() => interrupts?.release());

it('takes a signal that npm passes on a second time for the same keystroke, and a later one for a second', async () => {
  let clock = 1_000;
  let isSecond = false;
  interrupts = listenForInterrupts(() => clock);
  void interrupts.second.then(() => (isSecond = true));
  process.emit('SIGINT');
  expect(interrupts.first.aborted).toBe(true);
  clock += 100;
  process.emit('SIGINT');
  await Promise.resolve();
  expect(isSecond).toBe(false);
  clock += 2_000;
  process.emit('SIGINT');
  await interrupts.second;
  expect(isSecond).toBe(true);
});
