import type { Stores } from '../src/db/index.ts';
import { isOpenJobStatus, WindlassError, type ErrorInfo, type Job } from '../src/domain/index.ts';
import type { JobEnd } from '../src/protocol/index.ts';
import { closeJob } from './close-job.ts';
import { isTaskStep } from './own-job.ts';

/**
 * Stores that a step is not tried again: a task has failed, and a job that
 * could not be ended is closed as its workflow knows it, without asking the cloud. Of other steps the workflow hears.
 *
 * @throws unavailable while the database is away; it is tried again then.
 */
export async function giveUpStep(
  stores: Stores,
  step: string,
  input: unknown,
  job: Job | null,
  error: ErrorInfo,
): Promise<void> {
  if (isTaskStep(step)) {
    const { taskId } = input as { readonly taskId: string };
    await whileOpenStill(async () => {
      await stores.tasks.recordFailure(taskId, error);
      await stores.tasks.end(taskId, { status: 'failed', at: new Date().toISOString(), error });
    });
  } else if (step === 'EndJob' && job !== null && isOpenJobStatus(job.status)) {
    const { status, error: reason } = input as JobEnd;
    await closeJob(stores, job, { status, error: reason });
  }
}

/** A job that was closed meanwhile has nothing to be told. */
async function whileOpenStill(store: () => Promise<unknown>): Promise<void> {
  try {
    await store();
  } catch (error) {
    if (!WindlassError.isInstance(error) || !['conflict', 'not-found'].includes(error.kind)) throw error;
  }
}
