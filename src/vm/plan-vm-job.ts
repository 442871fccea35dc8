import { WindlassError, type JobAction, type JobPlan } from '../domain/index.ts';
import { createPlan } from '../plan/index.ts';
import type { Capabilities, PlanRequest } from '../provider/index.ts';
import { FRONTGATE_LAYERS } from './layers/frontgate.ts';
import { createPlanScope } from './layers/plan-scope.ts';
import { VM_ACTIONS } from './vm-actions.ts';

/**
 * The plan of a job on a cluster of virtual machines. Pure: the same request gives the same plan, byte for
 * byte, in whatever order its roles and nodes come.
 *
 * @throws invalid-input `ACTION_NOT_SUPPORTED` for an action that the frame or the provider does not know;
 * invalid-input `CAPABILITY_MISSING` for a cluster that needs what the provider lacks.
 */
export function planVmJob(request: PlanRequest, capabilities: Capabilities): JobPlan {
  const { action } = request.job;
  const isFrontgate = request.cluster.cluster.purpose === 'frontgate';
  const findLayers = (name: JobAction) => (isFrontgate ? FRONTGATE_LAYERS[name] : VM_ACTIONS[name]?.layersOf);
  const layersOf = capabilities.actions.includes(action) ? findLayers(action) : undefined;
  if (layersOf === undefined) {
    const supported = capabilities.actions.filter((name) => findLayers(name) !== undefined);
    throw new WindlassError(
      'invalid-input',
      `${request.runtime.provider} clusters do not support ${action}`,
      {
        code: 'ACTION_NOT_SUPPORTED',
        hint: `supported are: ${supported.join(', ')}`,
        field: 'action',
      },
    );
  }
  return createPlan(layersOf(createPlanScope(request, capabilities)));
}
