import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import { jobWorkflowId, type JobEnd } from '../protocol/index.ts';
import { closeJob, type ActivityLogger } from '../../activities/index.ts';
import type { Stores } from '../db/index.ts';
import type { Job } from '../domain/index.ts';

export interface Sweeper {
  /** One round now. */
  sweep(): Promise<void>;
  stop(): void;
}

const ROUND_MS = 15_000;
/** What clients have left behind is forgotten after a day: it need not be looked for often. */
const TIDY_MS = 3_600_000;
/** A job that has just been opened may not be visible as running yet. */
const YOUNG_MS = 10_000;

/**
 * Closes the rows of jobs whose workflow ended without closing them: terminated, or reset to
 * before its load. Every worker sweeps; closing a closed job changes nothing.
 */
export function startSweeper(client: Client, stores: Stores, log: ActivityLogger): Sweeper {
  let tidyAt = Date.now();

  async function sweep(): Promise<void> {
    if (Date.now() >= tidyAt) {
      tidyAt = Date.now() + TIDY_MS;
      await stores.apps.forgetLeft();
    }
    for (const job of await stores.jobs.listOpen()) {
      if (Date.now() - Date.parse(job.startedAt) < YOUNG_MS) continue;
      try {
        await close(job);
      } catch (error) {
        // The others must not wait for it.
        log.warn('a job that may be left open could not be looked at', { job: job.jobId, error });
      }
    }
  }

  async function close(job: Job): Promise<void> {
    const end = await findHowItEnded(client, job);
    if (end === null) return;
    await closeJob(stores, job, end);
    log.warn('closed a job that its workflow left open', { job: job.jobId, cluster: job.clusterId });
  }

  const timer = setInterval(
    () => void sweep().catch((error: unknown) => log.warn('a sweep failed', { error })),
    ROUND_MS,
  );
  timer.unref();
  return { sweep, stop: () => clearInterval(timer) };
}

/** Null while the job's own workflow runs. */
async function findHowItEnded(client: Client, job: Job): Promise<JobEnd | null> {
  try {
    const workflow = await client.workflow.getHandle(jobWorkflowId(job.clusterId)).describe();
    const own = workflow.memo?.['jobId'] === job.jobId;
    if (own && workflow.status.name === 'RUNNING') return null;
    if (own && workflow.status.name === 'CANCELLED') return { status: 'cancelled', error: null };
    const how = own ? workflow.status.name.toLowerCase() : 'followed by another';
    return abandoned(`its workflow was ${how} before it closed the job`);
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return abandoned('its workflow is gone');
    throw error;
  }
}

function abandoned(message: string): JobEnd {
  const hint = 'what it made is in the ledger; the cluster can be deleted';
  return { status: 'failed', error: { kind: 'internal', code: 'JOB_ABANDONED', message, hint } };
}
