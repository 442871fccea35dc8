import type { Stores } from '../src/db/index.ts';
import { WindlassError, type ErrorInfo } from '../src/domain/index.ts';

/**
 * Stores that a task has failed because its activity is not tried again.
 *
 * @throws unavailable while the database is away; it is retried then.
 */
export async function giveUpTask(
  stores: Pick<Stores, 'tasks'>,
  taskId: string,
  error: ErrorInfo,
): Promise<void> {
  try {
    await stores.tasks.recordFailure(taskId, error);
    await stores.tasks.end(taskId, { status: 'failed', at: new Date().toISOString(), error });
  } catch (thrown) {
    // A job that was closed meanwhile has nothing to be told.
    if (!WindlassError.isInstance(thrown) || !['conflict', 'not-found'].includes(thrown.kind)) throw thrown;
  }
}
