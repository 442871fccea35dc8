import type { VolumeSpec } from '../domain/index.ts';
import type { NodeTaskContext } from '../provider/index.ts';

/** The volumes of a task: those that it names, otherwise all of the node's role. */
export function listTaskVolumes({ task, role }: NodeTaskContext): readonly VolumeSpec[] {
  return 'volumes' in task.directive ? task.directive.volumes : role.volumes;
}
