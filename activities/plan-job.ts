import { createHash } from 'node:crypto';
import type { Stores } from '../src/db/index.ts';
import { JOB_ACTIONS, type JobPlan } from '../src/domain/index.ts';
import { createPlanBasis, createPlanDocument, refuseUnmade, type PlanDocument } from '../src/plan/index.ts';
import { findTaskFacts, listOnceActions, type PlanRequest, type Provider } from '../src/provider/index.ts';

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
  const past = await stores.tasks.listPast(clusterId, listOnceActions(provider));
  const plan = provider.splitJobIntoTasks({ ...request, past });
  if (wholeOnly === true)
    refuseUnmade(request.cluster.cluster, past, (name) => findTaskFacts(name, provider));
  return plan;
}

/**
 * A plan with what it was made from, and the hash of both.
 *
 * @throws not-found `APP_NOT_FOUND`
 */
export async function documentPlan(
  stores: Pick<Stores, 'apps'>,
  steps: JobPlan,
  request: Pick<PlanRequest, 'cluster' | 'before' | 'runtime'>,
): Promise<PlanDocument> {
  const { versionId, purpose } = request.cluster.cluster;
  // The package of a frontgate is a part of this program.
  const version =
    purpose === 'frontgate' ? { versionId, digest: versionId } : await stores.apps.get(versionId);
  return createPlanDocument(steps, createPlanBasis({ ...request, version }, digestText), digestText);
}

function digestText(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
