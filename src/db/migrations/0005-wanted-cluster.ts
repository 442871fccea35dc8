import type { Migration } from './migration.ts';

/** What a cluster shall be, beside what it is: the user's conf, the version before, the change of a job. */
export const wantedCluster: Migration = {
  name: '0005-wanted-cluster',
  statements: [
    `alter table cluster add column conf jsonb not null default '{}'`,
    `alter table cluster add column previous jsonb`,
    // The cluster before the job's change, until nobody can want it back.
    `alter table job add column change jsonb`,
  ],
};
