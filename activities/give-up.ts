import type { Stores } from '../src/db/index.ts';
import { isOpenJobStatus, WindlassError, type ErrorInfo, type Job } from '../src/domain/index.ts';
import { closeJob } from './close-job.ts';
import { isTaskStep } from './own-job.ts';

/**
 * Stores that a step will not be retried: a task has failed, and a job that could not be loaded is closed,
 * because its workflow ends without it. The failures of other steps reach the workflow.
 *
 * @throws unavailable while the database is away; it is retried then.
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
  } else if (step === 'LoadJob' && job !== null && isOpenJobStatus(job.status)) {
    await closeJob(stores, job, { status: 'failed', error });
  }
}

/** A job that was closed meanwhile needs no result. */
async function whileOpenStill(store: () => Promise<unknown>): Promise<void> {
  try {
    await store();
  } catch (error) {
    if (!WindlassError.isInstance(error) || !['conflict', 'not-found'].includes(error.kind)) throw error;
  }
}
