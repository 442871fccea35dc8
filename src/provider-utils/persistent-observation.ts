import type { Observation } from '../provider/index.ts';

/** How long a cloud may not show a new resource before it counts as deleted. */
const MISSING_LIMIT_MS = 120_000;

/** A state that is an error only once it has persisted. */
export interface Persistence {
  /** Whether every poll has seen it for longer than the limit. */
  readonly forLong: boolean;
  /** Pending; its cursor remembers since when. */
  readonly observation: Observation;
}

/**
 * For a resource that the cloud does not show: right after a create that is normal, later it means that it
 * is gone. `limitMs` is shorter for a resource that was seen before.
 */
export function isMissingForLong(cursor: unknown, seen: string, limitMs = MISSING_LIMIT_MS): Persistence {
  return persistsFor(cursor, 'missingSinceMs', { seen, limitMs });
}

/**
 * Clouds are eventually consistent: a single read may be stale. What every poll has seen for
 * `limitMs` is so; the cursor remembers under `key` since when.
 */
export function persistsFor(
  cursor: unknown,
  key: `${string}SinceMs`,
  { seen, limitMs }: { readonly seen: string; readonly limitMs: number },
): Persistence {
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
