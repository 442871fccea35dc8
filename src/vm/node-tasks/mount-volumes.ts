import { WindlassError } from '../../domain/index.ts';
import type { NodeShell } from '../../nodes/index.ts';
import type { NodeTaskContext } from '../../provider/index.ts';
import type { NodeTaskImplementation } from '../task-implementation.ts';
import { buildGrowScript } from './grow-script.ts';
import { buildMountScript, buildUnmountScript, type VolumeMount } from './mount-script.ts';
import { FRAME_CODES, observeNodeCommand, startNodeCommand, type NodeCommand } from './node-command.ts';

type MountAction = 'FormatAndMountVolumes' | 'GrowFilesystems' | 'UnmountVolumes';

/** The longest time that formatting and mounting the volumes of a node may take, in seconds. */
const MOUNT_TIMEOUT_SECONDS = 570;

/**
 * Creates a filesystem on empty volumes (if the plan allows it) and mounts all of them, now and at every
 * boot.
 *
 * @throws conflict `VOLUME_NOT_ATTACHED` before anything is started.
 */
export function createMountTask(nodes: NodeShell): Required<NodeTaskImplementation<MountAction>> {
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
 * Grows the filesystems of enlarged volumes to their new sizes, while they are in use.
 *
 * @throws conflict `VOLUME_NOT_ATTACHED` before anything is started.
 */
export function createGrowTask(nodes: NodeShell): Required<NodeTaskImplementation<MountAction>> {
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

/** Unmounts the volumes; one that is not mounted is not changed. */
export function createUnmountTask(nodes: NodeShell): Required<NodeTaskImplementation<MountAction>> {
  return createScriptTask(nodes, (context) => ({
    ...FRAME_COMMAND,
    name: 'unmounting volumes',
    command: buildUnmountScript({
      root: context.node.ssh.root,
      // By mount point alone: a volume that was never attached is not mounted either.
      mountPoints: context.task.directive.volumes.map((volume) => volume.mountPoint),
    }),
  }));
}

/** All these scripts check before they act, so they may run again. */
const FRAME_COMMAND = {
  commandTimeoutSeconds: MOUNT_TIMEOUT_SECONDS,
  idempotent: true,
  codes: FRAME_CODES,
} as const;

function createScriptTask(
  nodes: NodeShell,
  toCommand: (context: NodeTaskContext<MountAction>) => NodeCommand,
): Required<NodeTaskImplementation<MountAction>> {
  return {
    // Under the runner, like services: if a worker dies while a large disk is formatted, its successor
    // must find the same mkfs, not start a second one.
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
          hint: 'see the AttachVolumes task of this job',
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
