import { setTimeout as sleep } from 'node:timers/promises';
import { WorkflowExecutionAlreadyStartedError, type Client } from '@temporalio/client';
import { clusterBusy, isOpenJobStatus, WindlassError, type JobAction } from '../domain/index.ts';
import {
  jobWorkflowId,
  RUN_JOB_WORKFLOW,
  toSearchAttributes,
  WORKFLOW_QUEUE,
  type JobSummary,
  type Requests,
  type RunJobInput,
  type Workflows,
} from '../protocol/index.ts';
import { refuseClearSecrets } from './clear-text.ts';
import { findNewestRun, type JobRun } from './job-run.ts';
import { toWindlassError, type ServerAddress } from './to-windlass-error.ts';
import type { StartedJob } from './windlass-client.ts';

/** What users see of a job in Temporal's own tools. */
export interface JobLabels {
  readonly runtimeId: string;
  readonly appName: string;
  readonly clusterName: string;
  /** The work of its account is isolated by it. */
  readonly fairnessKey: string;
}

/** The input of a job's start. */
export interface JobStarter {
  readonly client: Client;
  readonly server: ServerAddress;
  readonly requests: Requests;
}

/** A workflow whose job is closed still receives one answer; if a worker died with it, that takes long. */
const CLOSING_LIMIT_MS = 30_000;
const CLOSING_PAUSE_MS = 200;

/**
 * Starts the job's workflow, unless it runs already. If an earlier job is closed and its workflow is about
 * to end, that is waited for.
 *
 * @throws conflict `CLUSTER_BUSY` naming the job that runs.
 */
export async function startJob(
  { client, server, requests }: JobStarter,
  input: RunJobInput,
  labels: JobLabels,
): Promise<StartedJob> {
  const { jobId, clusterId } = input;
  refuseClearSecrets([input, labels]);
  const closingDeadline = Date.now() + CLOSING_LIMIT_MS;
  for (;;) {
    try {
      await client.workflow.start<Workflows['runJob']>(RUN_JOB_WORKFLOW, {
        taskQueue: WORKFLOW_QUEUE,
        workflowId: jobWorkflowId(clusterId),
        workflowIdConflictPolicy: 'FAIL',
        workflowIdReusePolicy: 'ALLOW_DUPLICATE',
        args: [input],
        memo: { jobId, provider: input.provider },
        priority: { fairnessKey: labels.fairnessKey },
        typedSearchAttributes: toSearchAttributes({
          cluster: clusterId,
          job: jobId,
          action: input.action,
          status: 'working',
          runtime: labels.runtimeId,
          app: labels.appName,
        }),
        staticSummary: `${input.action} ${labels.clusterName}`,
        staticDetails: `job ${jobId}, app ${labels.appName}, requested by ${input.requestedBy}`,
      });
      return { clusterId, jobId, status: 'queued' };
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw toWindlassError(error, server);
    }
    const running = await findRunning(client, server, clusterId);
    if (running?.jobId === jobId) return { clusterId, jobId, status: 'working' };
    // It ended between the two calls, so nothing is in the way.
    if (running?.open !== true) continue;
    const job = await requests.findJob({ jobId: running.jobId });
    const closing = job !== null && !isOpenJobStatus(job.status);
    if (!closing || Date.now() > closingDeadline)
      throw clusterBusy(clusterId, { ...running, held: job?.held ?? null });
    await sleep(CLOSING_PAUSE_MS);
  }
}

/**
 * The job that an earlier request with the same id started, if any.
 *
 * @throws conflict `REQUEST_ID_USED` if that was another request.
 */
export async function findStartedJob(
  requests: Requests,
  wanted: { readonly jobId: string; readonly action: JobAction; readonly cluster: string },
): Promise<StartedJob | null> {
  const known = await requests.findJob({ jobId: wanted.jobId });
  if (known === null) return null;
  const { clusterId, jobId, action, status } = known;
  // A name cannot be compared: the cluster that it named may be gone since.
  const sameCluster = !wanted.cluster.startsWith('cl-') || wanted.cluster === clusterId;
  if (!sameCluster || wanted.action !== action) throw requestIdUsed(known);
  return { clusterId, jobId, status };
}

async function findRunning(client: Client, server: ServerAddress, clusterId: string): Promise<JobRun | null> {
  try {
    return await findNewestRun(client, clusterId);
  } catch (error) {
    throw toWindlassError(error, server);
  }
}

function requestIdUsed(known: JobSummary): WindlassError {
  return new WindlassError(
    'conflict',
    `the request id was used before, for job ${known.jobId} (${known.action} of cluster ${known.clusterId})`,
    { code: 'REQUEST_ID_USED', hint: 'use a new request id for a new request', field: 'requestId' },
  );
}
