import { isOpenJobStatus, type Job } from '../src/domain/index.ts';
import type { JobActivities, JobEnd, RunJobResult } from '../src/protocol/index.ts';
import type { Attempted } from './attempt.ts';
import { checkAndPlan, openJob } from './begin-job.ts';
import { closeJob } from './close-job.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { createContextLoader } from './load-context.ts';
import { whileOpen } from './own-job.ts';
import { refreshCluster } from './refresh-cluster.ts';
import { toReportedInfo } from './report-error.ts';

/** The steps, each with its job as it was read when the step was allowed to begin (activities/own-job.ts). */
export function createJobActivities(dependencies: ActivityDependencies): Attempted<JobActivities> {
  const { stores } = dependencies;
  const loader = createContextLoader(dependencies);

  return {
    async BeginJob(input, { job: known, signal }) {
      const job = known ?? (await openJob(dependencies, loader, input, signal));
      const { provider, account, region } = await stores.runtimes.get(job.runtimeId);
      const open = isOpenJobStatus(job.status);
      return {
        queues: { provider, account, region },
        timing: { heartbeatSeconds: dependencies.heartbeatSeconds },
        closed: open ? null : { jobId: job.jobId, status: toResultStatus(job), failedTasks: 0 },
        steps: open ? await checkAndPlan(dependencies, loader, job) : [],
      };
    },

    loadSlice: ({ jobId, slice }) => whileOpen('loadSlice', stores.tasks.loadSlice(jobId, slice)),

    async EndJob({ jobId, refresh, ...end }, { job }) {
      // It was never opened; or an earlier try has forgotten it, with its cluster.
      if (job === null) return { error: bounded(end).error };
      // An earlier try has closed it.
      if (!isOpenJobStatus(job.status)) return { error: job.error };
      if (refresh) await refreshCluster(dependencies, loader, job.clusterId, { job: jobId });
      const { error } = await closeJob(stores, job, bounded(end));
      return { error };
    },
  };

  /** Its error may come from another step: it is part of the input. */
  function bounded(end: JobEnd): JobEnd {
    return end.error === null ? end : { ...end, error: toReportedInfo(end.error, dependencies.redactor) };
  }
}

function toResultStatus(job: Job): RunJobResult['status'] {
  return job.status === 'failed' || job.status === 'cancelled' ? job.status : 'successful';
}
