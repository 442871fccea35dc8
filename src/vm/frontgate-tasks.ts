import { WindlassError } from '../domain/index.ts';
import type { Capabilities, ProviderHandler } from '../provider/index.ts';
import { nothingToWaitFor, type TaskEntry } from './task-implementation.ts';

/**
 * The wait for the frontgate. With nodes that are reached directly there is none to wait for. To
 * acquire and to release one is the engine's, because it is a life of its own beside the
 * cluster's; those tasks never come here.
 */
export function createFrontgateTasks(
  handler: ProviderHandler,
  nodeAccess: Capabilities['nodeAccess'],
): readonly TaskEntry[] {
  return [
    [
      'FrontgateAvailable',
      {
        // Nothing to start, only something to observe (TASK_ACTIONS).
        handle: async () => ({ state: 'started' }),
        wait: async (context, call) => {
          if (nodeAccess === 'direct') return { state: 'done' };
          if (handler.waitFrontgateAvailable !== undefined)
            return handler.waitFrontgateAvailable(context, call);
          throw new WindlassError('unavailable', 'no frontgate leads into the VPC of this cluster yet', {
            code: 'FRONTGATE_UNAVAILABLE',
            hint: 'use a provider whose nodes the worker reaches directly',
          });
        },
      },
    ],
    ['AcquireFrontgate', frontgateOfEngine],
    ['ReleaseFrontgate', frontgateOfEngine],
  ];
}

const frontgateOfEngine: TaskEntry[1] = {
  handle: (context) => {
    throw nothingToHandle(context.task.taskId);
  },
  wait: (context) => {
    throw nothingToWaitFor(context);
  },
};

function nothingToHandle(taskId: string): WindlassError {
  return new WindlassError(
    'internal',
    `task ${taskId} concerns the frontgate: its handle is not the provider's`,
    {
      code: 'TASK_WITHOUT_HANDLE',
    },
  );
}
