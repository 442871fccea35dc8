import { WindlassError } from '../../../domain/index.ts';
import type { AwsCloud, RequestCall } from './open-cloud.ts';

/** How long values that rarely change are cached. */
const KEPT_MS = 10 * 60_000;

interface Kept {
  readonly value: Promise<unknown>;
  readonly until: number;
}

/**
 * Reads a value once for all tasks of this cloud and caches it for some minutes; a failure is not cached.
 * When the task that started the read is cancelled, the next task starts a read of its own.
 */
export async function keep<T>(
  cloud: AwsCloud,
  call: RequestCall,
  key: string,
  read: (call: RequestCall) => Promise<T>,
): Promise<T> {
  for (;;) {
    const known = cloud.memory.get(key) as Kept | undefined;
    const own = known === undefined || known.until <= Date.now();
    const value = own ? read(call) : (known.value as Promise<T>);
    if (own) {
      cloud.memory.set(key, { value, until: Date.now() + KEPT_MS } satisfies Kept);
      value.catch(() => cloud.memory.delete(key));
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
