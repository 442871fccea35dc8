import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import { isOpenJobStatus, providerAway, WindlassError, type ErrorInfo } from '../domain/index.ts';
import type { JobView, Requests } from '../protocol/index.ts';
import { readJobHistories } from './job-history.ts';
import { findJobRun, findLaterRun, viewUnstoredJob, type JobRun } from './job-run.ts';
import { toPage } from './page.ts';
import { mergePendingTasks, readPendingTasks, type PendingWork } from './pending-tasks.ts';
import { toWindlassError, type ServerAddress } from './to-windlass-error.ts';
import { waitForJob } from './wait-for-job.ts';
import { watchJob, type JobLook } from './watch-job.ts';
import type { JobsClient } from './windlass-client.ts';

/** What the clients of jobs need. */
export interface JobsContext {
  readonly client: Client;
  readonly requests: Requests;
  readonly server: ServerAddress;
}

/** Jobs: the log that the workers keep, joined with Temporal's data of open jobs. */
export function createJobsClient(context: JobsContext): JobsClient {
  const { client, requests, server } = context;
  const mapErrors = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw toWindlassError(error, server);
    }
  };
  const lookAt = (jobId: string, clusterId?: string): ((last: JobLook | null) => Promise<JobLook>) => {
    let run: JobRun | null = null;
    return (last) =>
      mapErrors(async () => {
        run ??= await findJobRun(client, jobId, clusterId);
        return lookAtJob(context, jobId, run, last);
      });
  };
  const jobs: JobsClient = {
    list: ({ clusterId, ...page } = {}) =>
      requests.listJobs({ ...toPage(page), ...(clusterId === undefined ? {} : { clusterId }) }),
    describe: (jobId, options = {}) =>
      mapErrors(async () => {
        const run = await findJobRun(client, jobId, options.clusterId);
        return (await lookAtJob(context, jobId, run, null, options.layer)).view;
      }),
    watch: (jobId, options = {}) => watchJob(jobId, lookAt(jobId, options.clusterId), options),
    wait: (jobId, options = {}) => waitForJob(jobs, jobId, options),
    cancel: (jobId) =>
      mapErrors(async () => {
        const run = await findJobRun(client, jobId);
        // Temporal gets the request first: it keeps it for the next worker.
        const told = run?.open === true && (await requestCancel(client, run));
        if (!told) throw jobClosed((await lookAtJob(context, jobId, run, null)).view);
        try {
          const { view } = await lookAtJob(context, jobId, run, null);
          if (!isOpenJobStatus(view.status) && view.status !== 'cancelled') throw jobClosed(view);
          const { layers: _layers, commands: _commands, ...summary } = view;
          return { ...summary, waitsForWorker: false };
        } catch (error) {
          if (!isUnanswered(error)) throw error;
          const { action, status, clusterId, startedAt, closedAt } = run;
          const known = {
            jobId,
            clusterId,
            action,
            status,
            startedAt,
            closedAt,
            requestedBy: '',
            error: null,
            held: null,
          };
          return { ...known, waitsForWorker: true };
        }
      }),
    history: (jobId, options = {}) =>
      mapErrors(async () => {
        const run = await findJobRun(client, jobId);
        if (run !== null) return readJobHistories(client, run, options.children === true);
        await requests.describeJob({ jobId });
        throw new WindlassError('not-found', `Temporal no longer has the history of job ${jobId}`, {
          code: 'HISTORY_GONE',
          hint: 'a longer retention of the namespace keeps histories longer; the job log still has the job',
        });
      }),
  };
  return jobs;
}

/** After this time the job log is read again even if Temporal shows no change. */
const IDLE_READ_MS = 3_000;

/**
 * One poll: the stored view, and what the pending activities add. While nothing has changed since the last
 * poll, the workers are not asked.
 */
async function lookAtJob(
  { client, requests, server }: JobsContext,
  jobId: string,
  run: JobRun | null,
  last: JobLook | null,
  layer?: number,
): Promise<JobLook> {
  const pending = run === null ? null : await readPending(client, run);
  const fingerprint = pending?.fingerprint ?? null;
  const now = Date.now();
  if (
    last !== null &&
    fingerprint !== null &&
    fingerprint === last.fingerprint &&
    now - last.readAtMs < IDLE_READ_MS
  ) {
    return last;
  }
  try {
    const stored = await requests.describeJob({ jobId, ...(layer === undefined ? {} : { layer }) });
    const view =
      isOpenJobStatus(stored.status) && pending !== null
        ? { ...mergePendingTasks(stored, pending.tasks), error: stored.error ?? pending.trouble }
        : stored;
    return { view, fingerprint, readAtMs: now };
  } catch (error) {
    if (!WindlassError.isInstance(error) || error.kind !== 'not-found' || run === null) throw error;
    const open = pending?.open ?? run.open;
    const view = await viewUnstoredJob(client, { ...run, open }, server);
    const obstacle = open ? await findObstacle(requests, run) : null;
    return { view: { ...view, error: view.error ?? obstacle }, fingerprint: null, readAtMs: now };
  }
}

/** What a job that has not begun waits for. */
async function findObstacle(requests: Requests, { provider }: JobRun): Promise<ErrorInfo | null> {
  if (provider === null) return null;
  const { providers } = await requests.describeWorker();
  return providers.includes(provider) ? null : providerAway(provider).toInfo();
}

/** Of the run, or of the one in which its job has continued as new meanwhile. */
async function readPending(client: Client, run: JobRun): Promise<PendingWork> {
  const pending = await readPendingTasks(client, run);
  const later = pending.open ? null : await findLaterRun(client, run);
  return later === null ? pending : readPendingTasks(client, later);
}

/** False where the job has ended meanwhile. */
async function requestCancel(client: Client, found: JobRun): Promise<boolean> {
  for (let run: JobRun | null = found; run !== null; run = await findLaterRun(client, run)) {
    try {
      await client.workflow.getHandle(run.workflowId, run.runId).cancel();
      return true;
    } catch (error) {
      // It has ended: the job with it, or it has continued as new.
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    }
  }
  return false;
}

/** No worker took the request, or the one that took it does not answer. */
function isUnanswered(error: unknown): boolean {
  return WindlassError.isInstance(error) && ['NO_WORKER', 'READ_TIMEOUT'].includes(error.code);
}

function jobClosed(view: JobView): WindlassError {
  return new WindlassError('conflict', `job ${view.jobId} is closed: it is ${view.status}`, {
    code: 'JOB_CLOSED',
    hint: `see what it did: windlass job describe ${view.jobId}`,
  });
}
