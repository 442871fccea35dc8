import { isDeepStrictEqual } from 'node:util';
import { WindlassError } from '../domain/index.ts';
import { isRetried as isRetriedByEngine } from '../task-runner/index.ts';

const MAX_CURSOR_BYTES = 2048;
const MOST_FAILURES = 20;
const CRASH = 'SIMULATED_CRASH';

/** Thrown by a hook of HandleOptions, it ends the worker there: nothing is stored or released. */
export function simulatedCrash(): WindlassError {
  return new WindlassError('internal', 'the worker was killed here by the test', { code: CRASH });
}

/** Whether the test ended the worker here. */
export function isCrash(error: unknown): boolean {
  return WindlassError.isInstance(error) && error.code === CRASH;
}

/**
 * Whether another attempt follows an error: by the product's own rule, but not forever, and not by a
 * worker that was overtaken: the test checks what that worker does before it ends.
 */
export function isRetried(error: unknown, failures: number): error is WindlassError {
  if (!WindlassError.isInstance(error) || isCrash(error) || error.code === 'LEASE_LOST') return false;
  return isRetriedByEngine(error, failures) && failures < MOST_FAILURES;
}

/** A cursor goes through the engine's storage as JSON. */
export function assertPlainCursor(cursor: unknown): void {
  if (cursor === undefined) return;
  const text = JSON.stringify(cursor);
  if (text.length > MAX_CURSOR_BYTES || !isDeepStrictEqual(JSON.parse(text), cursor)) {
    throw new WindlassError(
      'internal',
      'the cursor of a pending observation is not plain JSON of at most 2 KB',
      {
        code: 'CURSOR_NOT_PLAIN',
      },
    );
  }
}
