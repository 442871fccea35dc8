import {
  WorkflowNotFoundError,
  type Client,
  type WorkflowExecutionDescription,
  type WorkflowExecutionInfo,
} from '@temporalio/client';
import { JOB_ACTION_NAMES, type JobAction, type JobStatus } from '../domain/index.ts';
import { jobWorkflowId, RUN_JOB_WORKFLOW, SEARCH_ATTRIBUTES, type JobView } from '../protocol/index.ts';
import { toWindlassError, type ServerAddress } from './to-windlass-error.ts';

/** The Temporal run of a job, open or closed. */
export interface JobRun {
  readonly jobId: string;
  readonly clusterId: string;
  readonly workflowId: string;
  readonly runId: string;
  readonly open: boolean;
  readonly status: JobStatus;
  readonly action: JobAction;
  /** Null if its memo does not say it. */
  readonly provider: string | null;
  readonly startedAt: string;
  readonly closedAt: string | null;
}

/**
 * Finds a job's run: at its cluster's workflow id if the newest run belongs to this job, otherwise by
 * search attribute. Null if Temporal has none, or has deleted it.
 */
export async function findJobRun(client: Client, jobId: string, clusterId?: string): Promise<JobRun | null> {
  if (clusterId !== undefined) {
    const newest = await findNewestRun(client, clusterId);
    if (newest?.jobId === jobId) return newest;
  }
  // A value must not be able to change the query that it is put into.
  if (!/^[\w-]+$/.test(jobId)) return null;
  const query = `${SEARCH_ATTRIBUTES.job} = '${jobId}' AND WorkflowType = '${RUN_JOB_WORKFLOW}'`;
  for await (const info of client.workflow.list({ query })) return toJobRun(info);
  return null;
}

/** The run at the cluster's workflow id, whichever job it belongs to. */
export async function findNewestRun(client: Client, clusterId: string): Promise<JobRun | null> {
  try {
    return toJobRun(await client.workflow.getHandle(jobWorkflowId(clusterId)).describe());
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null;
    throw error;
  }
}

/** The run that goes on with a job where `run` has continued as new; null where there is none. */
export async function findLaterRun(
  client: Client,
  { clusterId, jobId, runId }: JobRun,
): Promise<JobRun | null> {
  const newest = await findNewestRun(client, clusterId);
  return newest?.jobId === jobId && newest.runId !== runId ? newest : null;
}

/**
 * The view of a job that is not stored: it has just been started, or its first step failed and nothing was
 * stored, or it has deleted its cluster and its own rows.
 */
export async function viewUnstoredJob(client: Client, run: JobRun, server: ServerAddress): Promise<JobView> {
  const { jobId, clusterId, action, startedAt } = run;
  const known = { jobId, clusterId, action, startedAt, requestedBy: '', held: null };
  const open = { ...known, closedAt: null, layers: [], steps: [], planHash: null, commands: [] };
  if (run.open) return { ...open, status: 'queued', error: null };
  const handle = client.workflow.getHandle(run.workflowId, run.runId);
  // The known state of the run may be older than its end.
  const closedAt = run.closedAt ?? (await handle.describe()).closeTime?.toISOString() ?? null;
  const view = { ...open, closedAt };
  try {
    await handle.result();
    return { ...view, status: 'successful', error: null };
  } catch (error) {
    const reason = toWindlassError(error, server);
    return { ...view, status: reason.kind === 'cancelled' ? 'cancelled' : 'failed', error: reason.toInfo() };
  }
}

function toJobRun(info: WorkflowExecutionInfo | WorkflowExecutionDescription): JobRun {
  const read = (name: string): string =>
    String(info.typedSearchAttributes.getAll().find((pair) => pair.key.name === name)?.value ?? '');
  const actionName = read(SEARCH_ATTRIBUTES.action);
  const memoJobId: unknown = info.memo?.['jobId'];
  const provider: unknown = info.memo?.['provider'];
  return {
    jobId: typeof memoJobId === 'string' ? memoJobId : read(SEARCH_ATTRIBUTES.job),
    clusterId: info.workflowId.split('/')[1] ?? '',
    workflowId: info.workflowId,
    runId: info.runId,
    provider: typeof provider === 'string' ? provider : null,
    open: info.status.name === 'RUNNING',
    status: toJobStatus(info.status.name),
    action: JOB_ACTION_NAMES.find((action) => action === actionName) ?? 'create',
    startedAt: info.startTime.toISOString(),
    closedAt: info.closeTime?.toISOString() ?? null,
  };
}

function toJobStatus(name: WorkflowExecutionInfo['status']['name']): JobStatus {
  switch (name) {
    case 'COMPLETED':
      return 'successful';
    case 'CANCELLED':
      return 'cancelled';
    case 'FAILED':
    case 'TERMINATED':
    case 'TIMED_OUT':
      return 'failed';
    default:
      return 'working';
  }
}
