import type { JobAction, PlanStep } from '../../domain/index.ts';
import { createInstanceLayer } from './cloud-layers.ts';
import { createPrepareLayer } from './node-layers.ts';
import type { PlanScope } from './plan-scope.ts';

/**
 * The life cycle of a frontgate: an instance whose sshd answers, and no more. It holds no data, so a
 * failed one is deleted and created again.
 */
export const FRONTGATE_LAYERS: Readonly<
  Partial<Record<JobAction, (scope: PlanScope) => readonly PlanStep[]>>
> = {
  create: (scope) => [createInstanceLayer('RunInstances', scope, scope.all), createPrepareLayer(scope.all)],
  start: (scope) => [createInstanceLayer('StartInstances', scope, scope.all), createPrepareLayer(scope.all)],
  stop: (scope) => [createInstanceLayer('StopInstances', scope, scope.all)],
  delete: (scope) => [createInstanceLayer('DeleteInstances', scope, scope.all)],
};
