import { WindlassError, type JobAction, type JobPlan, type PlanStep } from '../domain/index.ts';
import { createPlan } from '../plan/index.ts';
import type { Capabilities, PlanRequest } from '../provider/index.ts';
import { layersOfCreate } from './layers/create.ts';
import { layersOfDelete } from './layers/delete.ts';
import { createPlanScope, type PlanScope } from './layers/plan-scope.ts';
import { FRONTGATE_LAYERS } from './layers/frontgate.ts';
import { layersOfStart } from './layers/start.ts';
import { layersOfStop } from './layers/stop.ts';

/** One file in layers/ for each action; what is absent here is refused. */
const LAYERS_OF: Readonly<Partial<Record<JobAction, (scope: PlanScope) => readonly PlanStep[]>>> = {
  create: layersOfCreate,
  stop: layersOfStop,
  start: layersOfStart,
  delete: layersOfDelete,
};

/**
 * The plan of a job on a cluster of virtual machines. Pure, and the same byte by byte for the same
 * request, in whatever order its roles and nodes come.
 *
 * @throws invalid-input `ACTION_NOT_SUPPORTED` for an action that the frame or the provider does
 *   not know; invalid-input `CAPABILITY_MISSING` for a cluster that needs what the provider lacks.
 */
export function planVmJob(request: PlanRequest, capabilities: Capabilities): JobPlan {
  const { action } = request.job;
  const known = request.cluster.cluster.purpose === 'frontgate' ? FRONTGATE_LAYERS : LAYERS_OF;
  const layersOf = capabilities.actions.includes(action) ? known[action] : undefined;
  if (layersOf === undefined) {
    const supported = capabilities.actions.filter((name) => known[name] !== undefined);
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
