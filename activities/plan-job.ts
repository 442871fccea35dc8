import type { JobPlan } from '../src/domain/index.ts';
import type { PlanRequest, Provider } from '../src/provider/index.ts';

/**
 * The plan of a job, as its provider makes it. To forget a deleted cluster is the engine's own work:
 * a provider that does not name `cease` has no part in it.
 */
export function planJob(provider: Provider, request: PlanRequest): JobPlan {
  const isOurs = request.job.action === 'cease' && !provider.capabilities.actions.includes('cease');
  return isOurs ? [] : provider.splitJobIntoTasks(request);
}
