import type { Migration } from './migration.ts';

/**
 * What a cluster is owed once is read from the rows of its tasks: workers of every release write them,
 * in the statement that ends a task. Few rows of each cluster are of such actions.
 */
export const onceTasks: Migration = {
  name: '0008-once-tasks',
  statements: [
    `create index task_once on task (cluster_id) where action in (
      'CreateVolumes', 'RunInstances', 'FormatAndMountVolumes', 'GenerateSshKeys',
      'RegisterCustomMetadata', 'InitService', 'InstallRelease'
    )`,
  ],
};
