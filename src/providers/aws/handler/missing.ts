import type { Observation } from '../../../provider/index.ts';

/** What was made and is not shown for so long was ended by somebody else. */
const MISSING_LIMIT_MS = 120_000;

/** What a wait makes of something that it would rather not see. */
export interface Lasting {
  readonly forLong: boolean;
  /** Says so, and remembers since when. */
  readonly observation: Observation;
}

/**
 * What a wait says of something that AWS does not show: just after a create that is how it is,
 * later it means that it is gone. `limitMs` is shorter for what was seen before.
 */
export function isMissingForLong(cursor: unknown, seen: string, limitMs = MISSING_LIMIT_MS): Lasting {
  return lastsFor(cursor, 'missingSinceMs', { seen, limitMs });
}

/**
 * One look proves nothing: EC2 may answer with what was so before. What every look says for
 * `limitMs` is so; the cursor remembers under `key` since when.
 */
export function lastsFor(
  cursor: unknown,
  key: 'missingSinceMs' | 'stoppedSinceMs' | 'failedSinceMs',
  { seen, limitMs }: { readonly seen: string; readonly limitMs: number },
): Lasting {
  const since = readSince(cursor, key) ?? Date.now();
  return {
    forLong: Date.now() - since > limitMs,
    observation: { state: 'pending', seen, cursor: { [key]: since } },
  };
}

function readSince(cursor: unknown, key: string): number | undefined {
  if (typeof cursor !== 'object' || cursor === null) return undefined;
  const since: unknown = Reflect.get(cursor, key);
  return typeof since === 'number' ? since : undefined;
}
