import type { TaskAction } from '../domain/index.ts';
import type { Changes, NodeTaskContext, Observation, ProviderHandler } from '../provider/index.ts';
import { forNode, type NodeTaskImplementation, type TaskEntry } from './task-implementation.ts';

/** The ten pairs of a VM cloud, under the actions that name them. */
export function createHandlerTasks(handler: ProviderHandler): readonly TaskEntry[] {
  return [
    [
      'RunInstances',
      forNode<'RunInstances'>({
        handle: (context, call) => handler.runInstances(context, call),
        // A new instance shows the key of its user-data.
        wait: async (context, call) =>
          withHostKey(await handler.waitRunInstances(context, call), context.access.hostPublicKey),
      }),
    ],
    [
      'StopInstances',
      forNode<'StopInstances'>(
        unlessNeverBegun({
          handle: (context, call) => handler.stopInstances(context, call),
          wait: (context, call) => handler.waitStopInstances(context, call),
        }),
      ),
    ],
    [
      'StartInstances',
      forNode<'StartInstances'>({
        handle: (context, call) => handler.startInstances(context, call),
        // One that was there before keeps the key that it was given since.
        wait: async (context, call) =>
          withHostKey(await handler.waitStartInstances(context, call), context.node.ssh.hostKey),
      }),
    ],
    [
      'DeleteInstances',
      forNode<'DeleteInstances'>(
        unlessNeverBegun(
          {
            handle: (context, call) => handler.deleteInstances(context, call),
            wait: (context, call) => handler.waitDeleteInstances(context, call),
          },
          { node: { status: 'deleted' } },
        ),
      ),
    ],
    [
      'ResizeInstances',
      forNode<'ResizeInstances'>({
        handle: (context, call) => handler.resizeInstances(context, call),
        wait: (context, call) => handler.waitResizeInstances(context, call),
      }),
    ],
    [
      'CreateVolumes',
      forNode<'CreateVolumes'>({
        handle: (context, call) => handler.createVolumes(context, call),
        wait: (context, call) => handler.waitCreateVolumes(context, call),
      }),
    ],
    [
      'AttachVolumes',
      forNode<'AttachVolumes'>({
        handle: (context, call) => handler.attachVolumes(context, call),
        wait: (context, call) => handler.waitAttachVolumes(context, call),
      }),
    ],
    [
      'DetachVolumes',
      forNode<'DetachVolumes'>(
        unlessNeverBegun({
          handle: (context, call) => handler.detachVolumes(context, call),
          wait: (context, call) => handler.waitDetachVolumes(context, call),
        }),
      ),
    ],
    [
      'DeleteVolumes',
      forNode<'DeleteVolumes'>(
        unlessNeverBegun({
          handle: (context, call) => handler.deleteVolumes(context, call),
          wait: (context, call) => handler.waitDeleteVolumes(context, call),
        }),
      ),
    ],
    [
      'ResizeVolumes',
      forNode<'ResizeVolumes'>({
        handle: (context, call) => handler.resizeVolumes(context, call),
        wait: (context, call) => handler.waitResizeVolumes(context, call),
      }),
    ],
  ];
}

/** Which host key a node must show is known to the frame, whatever a handler reports. */
function withHostKey(observation: Observation, hostKey: string): Observation {
  if (observation.state !== 'done') return observation;
  const node = observation.changes?.node;
  if (node?.ssh === undefined) return observation;
  return {
    ...observation,
    changes: { ...observation.changes, node: { ...node, ssh: { ...node.ssh, hostKey } } },
  };
}

/**
 * For what takes back or stops: a node whose job ended before its turn came has no ledger row,
 * and as rows are written before effects, there is nothing of it in the cloud.
 */
function unlessNeverBegun<Action extends TaskAction>(
  pair: NodeTaskImplementation<Action>,
  changes?: Changes,
): NodeTaskImplementation<Action> {
  return {
    ...pair,
    handle: async (context, call) => {
      if (wasBegun(context)) return pair.handle(context, call);
      return { state: 'done', ...(changes === undefined ? {} : { changes }) };
    },
  };
}

function wasBegun({ task, resources }: NodeTaskContext): boolean {
  return task.resources.length === 0 || task.resources.some(({ kind }) => resources[kind] !== undefined);
}
