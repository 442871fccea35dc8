import { WindlassError } from '../../../domain/index.ts';
import type { AwsCloud, RequestCall } from './open-cloud.ts';

/** How long values that rarely change are cached. */
const CACHED_MS = 10 * 60_000;

interface Cached {
  readonly value: Promise<unknown>;
  readonly until: number;
}

/**
 * Reads a value once for all tasks of this cloud and caches it for some minutes; a failure is not cached.
 * When the task that started the read is cancelled, the next task starts a read of its own.
 */
export async function cached<T>(
  cloud: AwsCloud,
  call: RequestCall,
  key: string,
  read: (call: RequestCall) => Promise<T>,
): Promise<T> {
  for (;;) {
    const known = cloud.cache.get(key) as Cached | undefined;
    const own = known === undefined || known.until <= Date.now();
    const value = own ? read(call) : (known.value as Promise<T>);
    if (own) {
      cloud.cache.set(key, { value, until: Date.now() + CACHED_MS } satisfies Cached);
      value.catch(() => cloud.cache.delete(key));
    }
    try {
      return await value;
    } catch (error) {
      if (own || call.signal.aborted || !isCancelled(error)) throw error;
    }
  }
}

function isCancelled(error: unknown): boolean {
  return WindlassError.isInstance(error) && error.kind === 'cancelled';
}
