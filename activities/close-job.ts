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

/** As its row was found. */
export interface ClosedRow extends ClosedJob {
  /** False where it was closed already. */
  readonly changed: boolean;
}

/**
 * Closes a job's row, its unfinished tasks and the cluster's transition status; one that is closed
 * stays as it is. The end of an action that forgets the cluster takes the cluster's rows with it, the job's own among them.
 */
export async function closeJob(
  stores: ClosingStores,
  job: Job,
  { status, error }: JobEnd,
): Promise<ClosedRow> {
  // Not closed first: whoever waits would see it closed, look again, and find nothing.
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

/** No job fails without a reason, also where nobody could store it. */
function errorLost({ jobId }: Job): ErrorInfo {
  return {
    kind: 'internal',
    code: 'JOB_ERROR_LOST',
    message: `job ${jobId} failed, and what it failed for was not stored`,
    hint: 'its history in the Web UI and the logs of the workers say why; please report it',
  };
}

/** A job that ended before its first effect leaves the cluster as it was. */
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

/** Rows and secrets of a deleted cluster, and the package that it ran where nobody needs it. */
async function forgetCluster(stores: ClosingStores, clusterId: string): Promise<void> {
  const { cluster } = await stores.clusters.load(clusterId);
  await stores.clusters.forget(clusterId);
  const versions = [cluster.versionId, ...(cluster.previous === null ? [] : [cluster.previous.versionId])];
  for (const versionId of versions) await stores.apps.forgetUnused(versionId);
}
