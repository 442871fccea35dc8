import type { Migration } from './migration.ts';

/** Whether a cluster was ever whole, so that a delete asks it although a job has failed since. */
export const onceActive: Migration = {
  name: '0006-once-active',
  statements: [
    `alter table cluster add column was_active boolean not null default false`,
    // Only an active cluster is stopped; one that failed later is known by the job that made it.
    `update cluster set was_active = true where status in ('active', 'stopped') or exists (
      select 1 from job where job.cluster_id = cluster.cluster_id and job.action = 'create' and job.status = 'successful'
    )`,
  ],
};
