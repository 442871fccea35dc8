import { expect } from 'vitest';
import { toSteps, type Call } from './stand-in.ts';

/** Fails unless the calls came in these steps, one step after the other; toSteps says how they are written. */
export function expectSteps(calls: readonly Call[], expected: readonly string[]): void {
  expect(toSteps(calls, expected)).toEqual(expected);
}
