import type { Observation } from '../../../provider/index.ts';

/** What was made and is not shown for so long was ended by somebody else. */
const MISSING_LIMIT_MS = 120_000;

/**
 * What a wait says of something that AWS does not show: just after a create that is how it is,
 * later it means that it is gone. The cursor remembers since when.
 */
export function isMissingForLong(
  cursor: unknown,
  seen: string,
): { readonly forLong: boolean; readonly observation: Observation } {
  const since = readSince(cursor) ?? Date.now();
  return {
    forLong: Date.now() - since > MISSING_LIMIT_MS,
    observation: { state: 'pending', seen, cursor: { missingSinceMs: since } },
  };
}

function readSince(cursor: unknown): number | undefined {
  if (typeof cursor !== 'object' || cursor === null || !('missingSinceMs' in cursor)) return undefined;
  return typeof cursor.missingSinceMs === 'number' ? cursor.missingSinceMs : undefined;
}
