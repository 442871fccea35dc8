import {
  FRONTGATE_NEEDED,
  JOB_ACTIONS,
  PLAN_SCHEMA_VERSION,
  WindlassError,
  type Cluster,
  type ClusterWrapper,
  type Job,
  type JobAction,
  type JobOptions,
  type SecretReference,
  type StepShape,
} from '../src/domain/index.ts';
import type { JobStart, Stores } from '../src/db/index.ts';
import { flattenPlan } from '../src/plan/index.ts';
import type { RunJobInput } from '../src/protocol/index.ts';
import type { PlanRequest } from '../src/provider/index.ts';
import { withoutLeaving } from '../src/wanted/index.ts';
import type { NamedSecret } from './conf-secrets.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { prepareFrontgate } from './frontgate/prepare-frontgate.ts';
import type { ContextLoader } from './load-context.ts';
import { documentPlan, planJob } from './plan-job.ts';
import { prepareChange } from './prepare-change.ts';
import { prepareCluster } from './prepare-cluster.ts';
import { openCall } from './provider-call.ts';
import { refreshCluster } from './refresh-cluster.ts';

/** A job that could be opened: everything checked that needs no cloud, nothing stored yet. */
interface PreparedJob {
  /** As they are stored with the job: nothing sealed in them. */
  readonly options: JobOptions;
  /** Of its runtime. */
  readonly runtimeId: string;
  readonly start: JobStart;
  /** Whether another name does as well, because the user asked for none. */
  readonly mayRename: boolean;
}

/**
 * Stores a job, and with it the cluster that it makes or the change of what its cluster shall be: all
 * of it, or nothing. A cancel before that leaves nothing.
 *
 * @throws what prepareCluster and prepareChange throw; conflict `CLUSTER_BUSY`, `CLUSTER_STATUS`,
 *   `FRONTGATE_BY_HAND`, `FRONTGATE_NEEDED`.
 */
export async function openJob(
  dependencies: ActivityDependencies,
  loader: ContextLoader,
  input: RunJobInput,
  signal: AbortSignal,
): Promise<Job> {
  const { jobId, clusterId, action, requestedBy } = input;
  const { from, transition } = JOB_ACTIONS[action];
  for (;;) {
    const { options, runtimeId, start, mayRename } = await prepareJob(dependencies, loader, input);
    signal.throwIfAborted();
    const startedAt = new Date().toISOString();
    const ids = { jobId, clusterId, runtimeId };
    const row = { ...ids, action, status: 'working', options, requestedBy, startedAt } as const;
    try {
      return await dependencies.stores.jobs.open(
        { ...row, closedAt: null, error: null, held: null },
        { from, status: transition },
        start,
      );
    } catch (error) {
      // Two clusters may have chosen the same name at once: the later one takes the next.
      if (!mayRename || !WindlassError.isInstance(error) || error.code !== 'CLUSTER_NAME_TAKEN') throw error;
    }
  }
}

/**
 * Asks the cloud whether it can take what an open job will make, and stores the plan of the job, once.
 * A job that is planned was checked.
 *
 * @throws whatever the provider refuses; conflict `CLUSTER_NOT_WHOLE`. Nothing is planned then.
 */
export async function checkAndPlan(
  dependencies: ActivityDependencies,
  loader: ContextLoader,
  job: Job,
): Promise<readonly StepShape[]> {
  const { stores, providers } = dependencies;
  const planned = await stores.jobs.loadShape(job.jobId);
  if (planned !== null) return planned;
  const { runtime, credential } = await loader.loadRuntime(job.runtimeId);
  const provider = providers.get(runtime.provider);
  const { needs, refreshFirst } = JOB_ACTIONS[job.action];
  if (refreshFirst === true) {
    await refreshCluster(dependencies, loader, job.clusterId, { job: job.jobId });
  }
  const wanted = await loadWanted(stores, job);
  if (needs !== 'nothing') {
    const reserved = await stores.clusters.reservedBy(runtime, job.clusterId);
    const loadPackage = () => loader.loadPackage(wanted.cluster.cluster.versionId);
    const openSecret = ({ $secret }: SecretReference) => loader.openSecret(job.clusterId, $secret);
    await provider.checkResource(
      { action: job.action, ...wanted, reserved, runtime, credential, loadPackage, openSecret },
      openCall(dependencies, provider, runtime, { job: job.jobId }),
    );
  }
  const request = { job, ...wanted, runtime };
  const plan = await planJob(stores, provider, request);
  const { hash } = await documentPlan(stores, plan, request);
  return stores.jobs.storePlan(job.jobId, flattenPlan(plan), PLAN_SCHEMA_VERSION, hash);
}

async function prepareJob(
  dependencies: ActivityDependencies,
  loader: ContextLoader,
  input: RunJobInput,
): Promise<PreparedJob> {
  const { stores } = dependencies;
  const made = await prepareMade(dependencies, loader, input);
  const cluster = made?.wrapper ?? (await stores.clusters.load(input.clusterId));
  if (cluster.cluster.purpose === 'frontgate') {
    if (input.frontgate === undefined) throw frontgateByHand(input.clusterId);
    await refuseWhileNeeded(stores, cluster.cluster, input.action);
  }
  const runtime = await stores.runtimes.get(cluster.cluster.runtimeId);
  const prepared = await prepareChange(dependencies, loader, { ...input, cluster, runtime });
  return {
    options: prepared?.options ?? input.options,
    runtimeId: runtime.runtimeId,
    mayRename: made !== null && !made.named,
    start: {
      secrets: [...(made?.secrets ?? []), ...(prepared?.secrets ?? [])],
      ...(made === null ? {} : { made: made.wrapper }),
      ...(prepared === null ? {} : { change: prepared.change }),
    },
  };
}

/** The cluster that a create makes; null for a job on a cluster that is there. */
async function prepareMade(
  dependencies: ActivityDependencies,
  loader: ContextLoader,
  { create, frontgate }: RunJobInput,
): Promise<{ wrapper: ClusterWrapper; named: boolean; secrets: readonly NamedSecret[] } | null> {
  if (create === undefined) return null;
  if (frontgate === undefined) return prepareCluster(dependencies, loader, create);
  const wrapper = await prepareFrontgate(dependencies, loader, create, frontgate);
  return { wrapper, named: true, secrets: [] };
}

/** The cluster as an open job wants it, and as it was before where the job changes that. */
async function loadWanted(stores: Stores, job: Job): Promise<Pick<PlanRequest, 'cluster' | 'before'>> {
  const stored = await stores.clusters.load(job.clusterId);
  const change = await stores.jobs.loadChange(job.jobId);
  if (change === null) return { cluster: stored };
  return { cluster: withoutLeaving(stored, change.leaving), before: change.before };
}

/** The error for a job that comes from elsewhere than the workflow of its frontgate. */
export function frontgateByHand(clusterId: string): WindlassError {
  return new WindlassError(
    'conflict',
    `${clusterId} is a frontgate: it is made, stopped, started and deleted as the clusters behind it need it`,
    { code: 'FRONTGATE_BY_HAND', hint: 'stop or delete the clusters of its VPC instead' },
  );
}

/**
 * A cluster may have joined since its workflow looked. A failed frontgate may always go: it leads
 * nowhere.
 */
async function refuseWhileNeeded(
  stores: Stores,
  { clusterId, runtimeId, vpcId, status }: Cluster,
  action: JobAction,
): Promise<void> {
  if (status === 'failed' || (action !== 'stop' && action !== 'delete')) return;
  const { members } = await stores.frontgates.load({ runtimeId, vpcId });
  if (members.every(({ use }) => use !== 'needed')) return;
  throw new WindlassError('conflict', `${clusterId} is a frontgate, and clusters need it`, {
    code: FRONTGATE_NEEDED,
  });
}
