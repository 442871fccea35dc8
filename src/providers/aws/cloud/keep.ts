import { WindlassError } from '../../../domain/index.ts';
import type { AwsCloud, RequestCall } from './open-cloud.ts';

/** What changes rarely is asked for once in so long. */
const KEPT_MS = 10 * 60_000;

interface Kept {
  readonly value: Promise<unknown>;
  readonly until: number;
}

/**
 * Reads once for all tasks of this cloud and keeps the answer for some minutes; a failure is not
 * kept. When the task that asked first is cancelled, the next one asks for itself.
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
