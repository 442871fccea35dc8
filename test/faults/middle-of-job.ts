import { setTimeout as sleep } from 'node:timers/promises';
import type { StartedJob, WindlassClient } from '../../src/client/index.ts';
import { isOpenJobStatus, WindlassError, type TaskAction } from '../../src/domain/index.ts';

/**
 * Returns when a task of the action has begun and the job is still open: the middle of a job.
 * @throws when the job is over before
 */
export async function waitUntilWorkingOn(
  client: WindlassClient,
  job: StartedJob,
  action: TaskAction,
): Promise<void> {
  for (;;) {
    const view = await client.jobs
      .describe(job.jobId, { clusterId: job.clusterId })
      .catch((error: unknown) => {
        // Its worker may not have stored it yet.
        if (WindlassError.isInstance(error) && ['unavailable', 'not-found'].includes(error.kind)) return null;
        throw error;
      });
    const tasks = view?.layers.flatMap((layer) => layer.tasks) ?? [];
    if (tasks.some((task) => task.action === action && task.startedAt !== null)) return;
    if (view !== null && !isOpenJobStatus(view.status))
      throw new Error(`the job ended ${view.status} before`);
    await sleep(50);
  }
}
