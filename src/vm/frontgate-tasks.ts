import { WindlassError } from '../domain/index.ts';
import type { NodeShell } from '../nodes/index.ts';
import type { ObserveCall, Observation, Provider, ProviderHandler, TaskContext } from '../provider/index.ts';
import { toJumpTarget } from './node-target.ts';
import { nothingToWaitFor, type TaskEntry } from './task-implementation.ts';

/** What the frontgate's tasks need. */
export interface FrontgateTaskOptions {
  readonly handler: ProviderHandler;
  readonly nodes: NodeShell;
  readonly nodeAccess: Required<Provider>['nodeAccess'];
}

/**
 * The wait for the frontgate: its sshd answers with the host key that was generated for it and accepts its
 * key. If nodes are reached directly there is none to wait for. The engine acquires and releases
 * frontgates, because they have a life cycle of their own; those tasks never reach the frame.
 */
export function createFrontgateTasks(options: FrontgateTaskOptions): readonly TaskEntry[] {
  const { handler, nodes, nodeAccess } = options;
  return [
    [
      'FrontgateAvailable',
      {
        // There is nothing to start, only something to observe (TASK_ACTIONS).
        handle: async () => ({ state: 'started' }),
        wait: async (context, call) => {
          if (nodeAccess(context.runtime) === 'direct') return { state: 'done' };
          if (handler.waitFrontgateAvailable !== undefined)
            return handler.waitFrontgateAvailable(context, call);
          return lookAtFrontgate(nodes, context, call);
        },
      },
    ],
    ['AcquireFrontgate', frontgateOfEngine],
    ['ReleaseFrontgate', frontgateOfEngine],
  ];
}

/** @throws permission when another machine answers, or the frontgate refuses its own key. */
async function lookAtFrontgate(
  nodes: NodeShell,
  { jumpHost }: TaskContext,
  call: ObserveCall,
): Promise<Observation> {
  if (jumpHost === undefined) {
    return { state: 'pending', seen: 'no frontgate exists in the VPC of this cluster yet' };
  }
  try {
    await nodes.ping(toJumpTarget(jumpHost), call.signal);
    return { state: 'done' };
  } catch (error) {
    if (!WindlassError.isInstance(error) || error.kind !== 'unavailable') throw error;
    return { state: 'pending', seen: `frontgate ${jumpHost.clusterId}: ${error.message}` };
  }
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
