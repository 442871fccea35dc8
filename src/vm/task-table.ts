import { WindlassError, type TaskAction } from '../domain/index.ts';
import type { NodeShell } from '../nodes/index.ts';
import type { Provider, ProviderHandler } from '../provider/index.ts';
import { createFrontgateTasks } from './frontgate-tasks.ts';
import { createHandlerTasks } from './handler-tasks.ts';
import { metadataTasks } from './metadata-tasks.ts';
import { createNodeTasks } from './node-tasks/index.ts';
import type { TaskImplementation } from './task-implementation.ts';

/** What the tasks of the frame need. */
export interface TaskTableOptions {
  readonly handler: ProviderHandler;
  readonly nodes: NodeShell;
  readonly nodeAccess: Required<Provider>['nodeAccess'];
}

/** Implementations by action. */
export interface TaskTable {
  /** @throws invalid-input `ACTION_NOT_SUPPORTED` for an action that no plan of this frame contains. */
  get(action: TaskAction): TaskImplementation;
}

/** Every action that plans of this frame may contain, with its implementation. */
export function createTaskTable(options: TaskTableOptions): TaskTable {
  const implementations = new Map<TaskAction, TaskImplementation>([
    ...createHandlerTasks(options.handler),
    ...createFrontgateTasks(options),
    ...metadataTasks,
    ...createNodeTasks(options.nodes),
  ]);
  return {
    get(action) {
      const implementation = implementations.get(action);
      if (implementation !== undefined) return implementation;
      throw new WindlassError('invalid-input', `task action ${action} is not supported on virtual machines`, {
        code: 'ACTION_NOT_SUPPORTED',
        hint: 'the plan was made by a newer windlass: upgrade this worker',
      });
    },
  };
}
