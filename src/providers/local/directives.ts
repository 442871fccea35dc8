import { WindlassError } from '../../domain/index.ts';
import type { VolumeSpec } from '../../domain/index.ts';
import type { NodeTaskContext } from '../../provider/index.ts';

/** What the local provider uses of an InstanceDirective. */
export interface LocalInstanceDirective {
  readonly cpu: number;
  readonly memoryMiB: number;
  readonly image: string;
  readonly zone: string;
  readonly hostname: string;
}

/** @throws internal `LOCAL_DIRECTIVE` for a plan that another version of the frame has written. */
export function readInstanceDirective(context: NodeTaskContext): LocalInstanceDirective {
  const { directive } = context.task;
  const container = directive['container'];
  const cpu = directive['cpu'];
  const memoryMiB = directive['memoryMiB'];
  const hostname = directive['hostname'];
  if (typeof cpu !== 'number' || typeof memoryMiB !== 'number') throw unreadable(context);
  if (typeof container !== 'object' || container === null) throw unreadable(context);
  const image = 'image' in container && typeof container.image === 'string' ? container.image : '';
  return {
    cpu,
    memoryMiB,
    image,
    // A container's zone is where its image was made, not where the node shall be.
    zone: context.runtime.zone,
    hostname: typeof hostname === 'string' ? hostname : context.node.nodeId,
  };
}

/** The volumes a task is about: those it names, else all of the role. */
export function readVolumes(context: NodeTaskContext): readonly VolumeSpec[] {
  const volumes = context.task.directive['volumes'];
  if (volumes === undefined) return context.role.volumes;
  if (!Array.isArray(volumes)) throw unreadable(context);
  return (volumes as readonly VolumeSpec[]).map((volume) => {
    if (typeof volume.index !== 'number' || typeof volume.sizeGiB !== 'number') throw unreadable(context);
    return volume;
  });
}

function unreadable(context: NodeTaskContext): WindlassError {
  return new WindlassError('internal', `the directive of task ${context.task.taskId} cannot be read`, {
    code: 'LOCAL_DIRECTIVE',
    hint: 'the plan was made by another version of windlass',
  });
}
