import type { TaskContext } from '../provider/index.ts';
import { buildMetadataTree } from './metadata/index.ts';
import { nothingToWaitFor, type TaskEntry, type TaskImplementation } from './task-implementation.ts';

/**
 * The cluster's current tree, with the additions of the plan, becomes the registered one; what nodes get
 * is rendered from it.
 */
const registerMetadata: TaskImplementation = {
  handle: async (context: TaskContext<'RegisterMetadata'>) => {
    const { zone } = context.runtime;
    const metadata = buildMetadataTree(await context.loadCluster(), { ...context.task.directive, zone });
    return { state: 'done', changes: { metadata } };
  },
  wait: async (context) => {
    throw nothingToWaitFor(context);
  },
};

const deregisterMetadata: TaskImplementation = {
  handle: async () => ({ state: 'done', changes: { metadata: null } }),
  wait: async (context) => {
    throw nothingToWaitFor(context);
  },
};

/** Registering uses only our own store: no cloud and no node takes part. */
export const metadataTasks: readonly TaskEntry[] = [
  ['RegisterMetadata', registerMetadata],
  ['DeregisterMetadata', deregisterMetadata],
];
