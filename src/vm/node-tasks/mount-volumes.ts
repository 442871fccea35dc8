import { WindlassError } from '../../domain/index.ts';
import type { NodeShell } from '../../nodes/index.ts';
import type { NodeTaskContext } from '../../provider/index.ts';
import type { NodeTaskImplementation } from '../task-implementation.ts';
import { buildGrowScript } from './grow-script.ts';
import { buildMountScript, buildUnmountScript, type VolumeMount } from './mount-script.ts';
import { FRAME_CODES, observeNodeCommand, startNodeCommand, type NodeCommand } from './node-command.ts';

type MountAction = 'FormatAndMountVolumes' | 'GrowFilesystems' | 'UnmountVolumes';

/** Longest time that formatting and mounting the volumes of a node may take, in seconds. */
const MOUNT_TIMEOUT_SECONDS = 570;

/**
 * Makes a filesystem on volumes that are empty (where the plan allows it) and mounts all of them,
 * now and at every boot.
 *
 * @throws conflict `VOLUME_NOT_ATTACHED` before anything is started.
 */
export function createMountTask(nodes: NodeShell): NodeTaskImplementation<MountAction> {
  return createScriptTask(nodes, (context) => {
    const { format, earlier = [] } = context.task.directive;
    return {
      ...FRAME_COMMAND,
      earlier,
      holds: 'while-up',
      name: 'mounting volumes',
      command: buildMountScript({ root: context.node.ssh.root, mounts: listMounts(context), format }),
    };
  });
}

/**
 * Grows the filesystems of volumes that were made larger to their new sizes, under what uses them.
 *
 * @throws conflict `VOLUME_NOT_ATTACHED` before anything is started.
 */
export function createGrowTask(nodes: NodeShell): NodeTaskImplementation<MountAction> {
  return createScriptTask(nodes, (context) => {
    const { volumes } = context.task.directive;
    const sizes = new Map(volumes.map(({ mountPoint, sizeGiB }) => [mountPoint, sizeGiB]));
    return {
      ...FRAME_COMMAND,
      name: 'growing filesystems',
      command: buildGrowScript({
        root: context.node.ssh.root,
        volumes: listMounts(context).map((mount) => ({
          ...mount,
          sizeGiB: sizes.get(mount.mountPoint) ?? 0,
        })),
      }),
    };
  });
}

/** Takes the volumes out of the node's file system; what is not mounted is left as it is. */
export function createUnmountTask(nodes: NodeShell): NodeTaskImplementation<MountAction> {
  return createScriptTask(nodes, (context) => ({
    ...FRAME_COMMAND,
    name: 'unmounting volumes',
    command: buildUnmountScript({
      root: context.node.ssh.root,
      // By mount point alone: what was never attached is not mounted either.
      mountPoints: context.task.directive.volumes.map((volume) => volume.mountPoint),
    }),
  }));
}

/** All these scripts look before they act, so they may run again. */
const FRAME_COMMAND = {
  commandTimeoutSeconds: MOUNT_TIMEOUT_SECONDS,
  idempotent: true,
  codes: FRAME_CODES,
} as const;

function createScriptTask(
  nodes: NodeShell,
  toCommand: (context: NodeTaskContext<MountAction>) => NodeCommand,
): NodeTaskImplementation<MountAction> {
  return {
    // Under the runner, like services: a worker that dies while a large disk is formatted must
    // find the same mkfs again, not start a second one beside it.
    handle: async (context, call) => {
      await startNodeCommand(nodes, context, call, toCommand(context));
      return { state: 'started' };
    },
    wait: (context, call) => observeNodeCommand(nodes, context, call, toCommand(context)),
  };
}

function listMounts(context: NodeTaskContext<MountAction>): readonly VolumeMount[] {
  return context.task.directive.volumes.map((volume) => {
    const device = context.node.volumes.find((attached) => attached.index === volume.index)?.device ?? '';
    if (device === '') {
      throw new WindlassError(
        'conflict',
        `volume ${volume.index} of node ${context.node.nodeId} is not attached`,
        {
          code: 'VOLUME_NOT_ATTACHED',
          hint: 'look at the AttachVolumes task of this job',
        },
      );
    }
    return {
      device,
      mountPoint: volume.mountPoint,
      filesystem: volume.filesystem,
      mountOptions: volume.mountOptions,
    };
  });
}
