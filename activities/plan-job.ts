import type { Stores } from '../src/db/index.ts';
import type { JobAction, JobPlan } from '../src/domain/index.ts';
import { refuseUnmade } from '../src/plan/index.ts';
import type { PlanRequest, Provider } from '../src/provider/index.ts';

/** Actions that go on with what is there: they make nothing that a create has left unmade. */
const GOING_ON: ReadonlySet<JobAction> = new Set(['start', 'restart', 'add-nodes', 'delete-nodes', 'resize']);

/**
 * The plan of a job on a stored cluster, as its provider makes it from the cluster and what earlier
 * jobs have left undone. To forget a deleted cluster is the engine's own work: a provider that does
 * not name `cease` has no part in it.
 *
 * @throws conflict `CLUSTER_NOT_WHOLE`; and what the provider throws.
 */
export async function planJob(
  stores: Pick<Stores, 'tasks'>,
  provider: Provider,
  request: Omit<PlanRequest, 'past'>,
): Promise<JobPlan> {
  const { action, clusterId } = request.job;
  const isOurs = action === 'cease' && !provider.capabilities.actions.includes('cease');
  if (isOurs) return [];
  const past = await stores.tasks.listPast(clusterId);
  const plan = provider.splitJobIntoTasks({ ...request, past });
  if (GOING_ON.has(action)) refuseUnmade(request.cluster.cluster, past);
  return plan;
}
