import type { Stores } from '../src/db/index.ts';
import {
  JOB_ACTIONS,
  statusAfterSuccess,
  type ClusterStatus,
  type ErrorInfo,
  type Job,
} from '../src/domain/index.ts';
import type { ClosedJob, JobEnd, RunJobResult } from '../src/protocol/index.ts';

type ClosingStores = Pick<Stores, 'apps' | 'clusters' | 'jobs' | 'tasks'>;

/** The row's state when it was read. */
export interface ClosedRow extends ClosedJob {
  /** False if it was closed already. */
  readonly changed: boolean;
}

/**
 * Closes a job's row, its unfinished tasks and the cluster's transition status; a closed job is not
 * changed. When an action that forgets the cluster ends, the cluster's rows are deleted, including the
 * job's own.
 */
export async function closeJob(
  stores: ClosingStores,
  job: Job,
  { status, error }: JobEnd,
): Promise<ClosedRow> {
  // Not closed first: a waiting client would see it closed, read it again, and find nothing.
  if (JOB_ACTIONS[job.action].to === 'forgotten' && status === 'successful') {
    await forgetCluster(stores, job.clusterId);
    return { error: null, changed: true };
  }
  const tasks = status === 'successful' ? [] : await stores.tasks.list(job.jobId);
  const failed = tasks.find((task) => task.status === 'failed' && !task.failureAllowed);
  const begun = tasks.some((task) => task.startedAt !== null);
  const { job: closed, changed } = await stores.jobs.close(job.jobId, {
    status,
    error: error ?? failed?.error ?? (status === 'failed' ? errorLost(job) : null),
    clusterStatus: await statusAfter(stores, job, status, begun),
    closedAt: new Date().toISOString(),
  });
  return { error: closed.error, changed };
}

/** No job fails without a reason, not even if the reason could not be stored. */
function errorLost({ jobId }: Job): ErrorInfo {
  return {
    kind: 'internal',
    code: 'JOB_ERROR_LOST',
    message: `job ${jobId} failed, and its error was not stored`,
    hint: 'its history in the Web UI and the logs of the workers show why; please report it',
  };
}

/** A job that ended before its first effect does not change the cluster's status. */
async function statusAfter(
  stores: ClosingStores,
  job: Job,
  status: RunJobResult['status'],
  begun: boolean,
): Promise<ClusterStatus> {
  if (status !== 'successful' && (begun || JOB_ACTIONS[job.action].spec === 'new')) return 'failed';
  const { cluster } = await stores.clusters.load(job.clusterId);
  return status === 'successful' ? statusAfterSuccess(job.action, cluster.status) : cluster.status;
}

/** Rows and secrets of a deleted cluster, and its package if no other cluster needs it. */
async function forgetCluster(stores: ClosingStores, clusterId: string): Promise<void> {
  const { cluster } = await stores.clusters.load(clusterId);
  await stores.clusters.forget(clusterId);
  const versions = [cluster.versionId, ...(cluster.previous === null ? [] : [cluster.previous.versionId])];
  for (const versionId of versions) await stores.apps.forgetUnused(versionId);
}
