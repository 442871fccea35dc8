import type { ProviderHandler } from '../provider/index.ts';
import { forNode, type TaskEntry } from './task-implementation.ts';

/** The ten pairs of a VM cloud, under the actions that name them. */
export function createHandlerTasks(handler: ProviderHandler): readonly TaskEntry[] {
  return [
    [
      'RunInstances',
      forNode({
        handle: (context, call) => handler.runInstances(context, call),
        wait: (context, call) => handler.waitRunInstances(context, call),
      }),
    ],
    [
      'StopInstances',
      forNode({
        handle: (context, call) => handler.stopInstances(context, call),
        wait: (context, call) => handler.waitStopInstances(context, call),
      }),
    ],
    [
      'StartInstances',
      forNode({
        handle: (context, call) => handler.startInstances(context, call),
        wait: (context, call) => handler.waitStartInstances(context, call),
      }),
    ],
    [
      'DeleteInstances',
      forNode({
        handle: (context, call) => handler.deleteInstances(context, call),
        wait: (context, call) => handler.waitDeleteInstances(context, call),
      }),
    ],
    [
      'ResizeInstances',
      forNode({
        handle: (context, call) => handler.resizeInstances(context, call),
        wait: (context, call) => handler.waitResizeInstances(context, call),
      }),
    ],
    [
      'CreateVolumes',
      forNode({
        handle: (context, call) => handler.createVolumes(context, call),
        wait: (context, call) => handler.waitCreateVolumes(context, call),
      }),
    ],
    [
      'AttachVolumes',
      forNode({
        handle: (context, call) => handler.attachVolumes(context, call),
        wait: (context, call) => handler.waitAttachVolumes(context, call),
      }),
    ],
    [
      'DetachVolumes',
      forNode({
        handle: (context, call) => handler.detachVolumes(context, call),
        wait: (context, call) => handler.waitDetachVolumes(context, call),
      }),
    ],
    [
      'DeleteVolumes',
      forNode({
        handle: (context, call) => handler.deleteVolumes(context, call),
        wait: (context, call) => handler.waitDeleteVolumes(context, call),
      }),
    ],
    [
      'ResizeVolumes',
      forNode({
        handle: (context, call) => handler.resizeVolumes(context, call),
        wait: (context, call) => handler.waitResizeVolumes(context, call),
      }),
    ],
  ];
}
