import type { Migration } from './migration.ts';

/** What a cluster is owed once, found quickly; and names that are one living cluster's alone. */
export const wholeAndNamed: Migration = {
  name: '0008-whole-and-named',
  statements: [
    // It is read from the rows of tasks: workers of every release write them, in the statement that
    // ends a task. Few rows of a cluster are of such actions.
    `create index task_once on task (cluster_id) where action in (
      'CreateVolumes', 'RunInstances', 'FormatAndMountVolumes', 'GenerateSshKeys',
      'RegisterCustomMetadata', 'InitService', 'InstallRelease'
    )`,
    // Clusters that shared a name before keep it: a provider may have made something under it, as helm
    // does. The oldest counts as the owner.
    `alter table cluster add column name_shared boolean not null default false`,
    `update cluster set name_shared = true where purpose = 'app' and status <> 'deleted' and exists (
      select 1 from cluster older
      where older.name = cluster.name and older.purpose = 'app' and older.status <> 'deleted'
        and (older.created_at, older.cluster_id) < (cluster.created_at, cluster.cluster_id)
    )`,
    // One that is being brought back is not deleted any more.
    `create unique index cluster_living_name on cluster (name)
      where purpose = 'app' and not name_shared and (status <> 'deleted' or transition_status = 'recovering')`,
  ],
};
