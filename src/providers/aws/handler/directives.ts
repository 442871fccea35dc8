import { WindlassError, type VolumeSpec } from '../../../domain/index.ts';
import type { InstanceDirective, NodeTaskContext, VolumesDirective } from '../../../provider/index.ts';

/** @throws internal `AWS_DIRECTIVE` for a plan that another version of the frame has written. */
export function readInstanceDirective(context: NodeTaskContext): InstanceDirective {
  const directive = context.task.directive as Partial<InstanceDirective>;
  const { cpu, memoryMiB, container, subnetId = '', hostname = context.node.nodeId } = directive;
  if (typeof cpu !== 'number' || typeof memoryMiB !== 'number' || container === undefined)
    throw unreadable(context);
  return {
    ...directive,
    cpu,
    memoryMiB,
    container,
    subnetId,
    hostname,
    gpu: directive.gpu ?? 0,
    gpuClass: directive.gpuClass ?? 0,
    instanceClass: directive.instanceClass ?? 0,
  };
}

/** The volumes a task is about: those it names, else all of the role. */
export function readVolumes(context: NodeTaskContext): readonly VolumeSpec[] {
  const { volumes } = context.task.directive as Partial<VolumesDirective>;
  if (volumes === undefined) return context.role.volumes;
  if (!Array.isArray(volumes)) throw unreadable(context);
  return volumes as readonly VolumeSpec[];
}

function unreadable(context: NodeTaskContext): WindlassError {
  return new WindlassError('internal', `the directive of task ${context.task.taskId} cannot be read`, {
    code: 'AWS_DIRECTIVE',
    hint: 'the plan was made by another version of windlass',
  });
}
