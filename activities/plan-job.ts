import type { Stores } from '../src/db/index.ts';
import { JOB_ACTIONS, type JobPlan } from '../src/domain/index.ts';
import { refuseUnmade } from '../src/plan/index.ts';
import type { PlanRequest, Provider } from '../src/provider/index.ts';

/**
 * The plan of a job on a stored cluster: its provider computes it from the cluster and the work that
 * earlier jobs have left undone. A provider has no part in actions of the engine alone, unless its
 * capabilities name the action.
 *
 * @throws conflict `CLUSTER_NOT_WHOLE`; the errors of the provider.
 */
export async function planJob(
  stores: Pick<Stores, 'tasks'>,
  provider: Provider,
  request: Omit<PlanRequest, 'past'>,
): Promise<JobPlan> {
  const { action, clusterId } = request.job;
  const { by, wholeOnly } = JOB_ACTIONS[action];
  if (by === 'engine' && !provider.capabilities.actions.includes(action)) return [];
  const past = await stores.tasks.listPast(clusterId);
  const plan = provider.splitJobIntoTasks({ ...request, past });
  if (wholeOnly === true) refuseUnmade(request.cluster.cluster, past);
  return plan;
}
