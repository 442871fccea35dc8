import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import { jobWorkflowId } from '../../workflows/messages.ts';
import type { ActivityLogger } from '../../activities/index.ts';
import type { Stores } from '../db/index.ts';
import type { ErrorInfo, Job } from '../domain/index.ts';

export interface Sweeper {
  /** One round now. */
  sweep(): Promise<void>;
  stop(): void;
}

const ROUND_MS = 15_000;
/** A job that has just been opened may not be visible as running yet. */
const YOUNG_MS = 10_000;

/**
 * Closes the rows of jobs whose workflow ended without closing them: terminated, or reset to
 * before its load. Every worker sweeps; closing a closed job changes nothing.
 */
export function startSweeper(client: Client, stores: Stores, log: ActivityLogger): Sweeper {
  async function sweep(): Promise<void> {
    for (const job of await stores.jobs.listOpen()) {
      if (Date.now() - Date.parse(job.startedAt) < YOUNG_MS) continue;
      const left = await findHowItEnded(client, job);
      if (left === null) continue;
      const tasks = await stores.tasks.list(job.jobId);
      const begun = tasks.some((task) => task.startedAt !== null) || job.action === 'create';
      await stores.jobs.close(job.jobId, {
        status: 'failed',
        error: left,
        clusterStatus: begun ? 'failed' : (await stores.clusters.load(job.clusterId)).cluster.status,
        closedAt: new Date().toISOString(),
      });
      log.warn('closed a job that its workflow left open', { job: job.jobId, cluster: job.clusterId });
    }
  }
  const timer = setInterval(
    () => void sweep().catch((error: unknown) => log.warn('a sweep failed', { error })),
    ROUND_MS,
  );
  timer.unref();
  return { sweep, stop: () => clearInterval(timer) };
}

/** Null while the job's own workflow runs. */
async function findHowItEnded(client: Client, job: Job): Promise<ErrorInfo | null> {
  try {
    const workflow = await client.workflow.getHandle(jobWorkflowId(job.clusterId)).describe();
    const own = workflow.memo?.['jobId'] === job.jobId;
    if (own && workflow.status.name === 'RUNNING') return null;
    const how = own ? workflow.status.name.toLowerCase() : 'followed by another';
    return abandoned(`its workflow was ${how} before it closed the job`);
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return abandoned('its workflow is gone');
    throw error;
  }
}

function abandoned(message: string): ErrorInfo {
  return {
    kind: 'internal',
    code: 'JOB_ABANDONED',
    message,
    hint: 'what it made is in the ledger; the cluster can be deleted',
  };
}
