import { isDeepStrictEqual } from 'node:util';
import { RETRY_TABLE, WindlassError } from '../domain/index.ts';

const MAX_CURSOR_BYTES = 2048;
const MAX_TRIES = 20;
const CRASH = 'SIMULATED_CRASH';

/** Thrown by a hook of HandleOptions, it ends the worker there: nothing is stored or released. */
export function simulatedCrash(): WindlassError {
  return new WindlassError('internal', 'the worker was killed here by the test', { code: CRASH });
}

/** Whether the test ended the worker here. */
export function isCrash(error: unknown): boolean {
  return WindlassError.isInstance(error) && error.code === CRASH;
}

/** Whether the engine tries again: by the one table, but not for ever. */
export function isRetried(error: unknown, tries: number): boolean {
  if (!WindlassError.isInstance(error) || isCrash(error)) return false;
  if (error.code === 'LEASE_HELD') return true;
  const rule = RETRY_TABLE[error.kind];
  return rule.retried && tries < Math.min(rule.maxTries, MAX_TRIES);
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
