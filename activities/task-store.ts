import type { TaskChanges } from '../src/db/index.ts';
import type { Task } from '../src/domain/index.ts';
import { findTaskFacts, type Changes } from '../src/provider/index.ts';
import type { TaskStore } from '../src/task-runner/index.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { withFrontgates } from './frontgate/frontgate-tasks.ts';
import type { ContextLoader } from './load-context.ts';
import { otherAction, whileOpen } from './own-job.ts';

/** The store of one activity, by its type. */
export type TaskStoreOf = (activity: string) => TaskStore;

/** What the task runner needs of the database. */
export function createTaskStores(dependencies: ActivityDependencies, loader: ContextLoader): TaskStoreOf {
  const { stores } = dependencies;
  return (activity) => ({
    /** Also @throws permission `EFFECT_OUTSIDE_JOB` if the task does not match the activity. */
    async load(taskId) {
      const { context, provider } = await whileOpen(activity, loader.beginTask(taskId));
      const { task } = context;
      if (activity !== task.action && activity !== `Wait${task.action}`) throw otherAction(activity, task);
      // An answer of the cloud may repeat its input, e.g. an event of a pod a value of its chart.
      if (activity !== task.action) await loader.registerSecrets(task.clusterId);
      const facts = findTaskFacts(task.action, provider);
      return { context, facts, provider, subtasks: withFrontgates(dependencies, provider, loader) };
    },
    leases: stores.ledger,
    storeChanges: (task, changes, leases) =>
      stores.tasks.applyChanges(task.taskId, toTaskChanges(task, changes), leases, true),
    succeed: (task, changes, leases) =>
      stores.tasks.end(task.taskId, {
        status: 'successful',
        at: new Date().toISOString(),
        changes: toTaskChanges(task, changes),
        leases,
        release: true,
      }),
  });
}

function toTaskChanges({ nodeId }: Task, { node, ...changes }: Changes): TaskChanges {
  return { ...changes, ...(node === undefined || nodeId === null ? {} : { node: { nodeId, change: node } }) };
}
