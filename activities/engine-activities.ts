import {
  FRONTGATE_NEEDED,
  isOpenJobStatus,
  JOB_ACTIONS,
  PLAN_SCHEMA_VERSION,
  WindlassError,
  type Cluster,
  type Job,
  type JobAction,
  type StepShape,
  type Runtime,
  type SecretReference,
} from '../src/domain/index.ts';
import type { Stores } from '../src/db/index.ts';
import { flattenPlan } from '../src/plan/index.ts';
import type { PlanRequest, RuntimeRequest } from '../src/provider/index.ts';
import type {
  CreateClusterInput,
  JobActivities,
  JobEnd,
  RunJobInput,
  RunJobResult,
} from '../src/protocol/index.ts';
import type { Attempted } from './attempt.ts';
import { closeJob } from './close-job.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { prepareFrontgate } from './frontgate/prepare-frontgate.ts';
import { createHydrator, type Hydrator } from './hydrate.ts';
import { documentPlan, planJob } from './plan-job.ts';
import { prepareChange } from './prepare-change.ts';
import { prepareCluster, type PreparedCluster } from './prepare-cluster.ts';
import { whileOpen } from './own-job.ts';
import { openCall } from './provider-call.ts';
import { refreshCluster } from './refresh-cluster.ts';
import { toReportedInfo } from './report-error.ts';
import { withoutLeaving } from '../src/wanted/index.ts';

/** The steps, each with its job as it was read when the step was allowed to begin (activities/own-job.ts). */
export function createJobActivities(dependencies: ActivityDependencies): Attempted<JobActivities> {
  const { stores, providers } = dependencies;
  const hydrator = createHydrator(dependencies);

  async function loadCloud(
    job: Job,
  ): Promise<RuntimeRequest & { provider: ReturnType<typeof providers.get> }> {
    const { runtime, credential } = await hydrator.loadRuntime(job.runtimeId);
    return { runtime, credential, provider: providers.get(runtime.provider) };
  }

  return {
    async LoadJob({ plan, ...input }, { job: known }) {
      const job = known ?? (await openJob(dependencies, hydrator, input));
      const runtime = await stores.runtimes.get(job.runtimeId);
      const steps = plan === true ? await planUnasked(job, runtime) : null;
      return {
        ...(steps === null ? {} : { steps }),
        queues: { provider: runtime.provider, account: runtime.account, region: runtime.region },
        timing: { heartbeatSeconds: dependencies.heartbeatSeconds },
        closed: isOpenJobStatus(job.status)
          ? null
          : { jobId: job.jobId, status: toResultStatus(job), failedTasks: 0 },
      };
    },

    async CheckResource({ jobId, plan }, { job: stored }) {
      const job = stored ?? (await stores.jobs.get(jobId));
      const { needs, refreshFirst } = JOB_ACTIONS[job.action];
      if (needs === 'nothing') return undefined;
      const { provider, runtime, credential } = await loadCloud(job);
      const call = openCall(dependencies, provider, runtime, { job: jobId });
      if (refreshFirst === true) await refreshCluster(dependencies, hydrator, job.clusterId, { job: jobId });
      const wanted = await loadWanted(stores, job);
      const reserved = await stores.clusters.reservedBy(runtime, job.clusterId);
      const loadPackage = () => hydrator.loadPackage(wanted.cluster.cluster.versionId);
      const openSecret = ({ $secret }: SecretReference) => hydrator.openSecret(job.clusterId, $secret);
      await provider.checkResource(
        { action: job.action, ...wanted, reserved, runtime, credential, loadPackage, openSecret },
        call,
      );
      return plan === true ? { steps: await storePlan(job, runtime, wanted) } : undefined;
    },

    async PlanJob({ jobId }, { job: stored }) {
      const shape = await stores.jobs.loadShape(jobId);
      if (shape !== null) return shape;
      const job = stored ?? (await stores.jobs.get(jobId));
      return storePlan(job, await stores.runtimes.get(job.runtimeId));
    },

    loadSlice: ({ jobId, slice }) => whileOpen('loadSlice', stores.tasks.loadSlice(jobId, slice)),

    async UpdateClusterStatus({ jobId, end }, { job: stored }) {
      const job = stored ?? (await stores.jobs.get(jobId));
      // An earlier attempt has closed it, and its result was lost.
      if (end !== undefined && !isOpenJobStatus(job.status)) return { closed: { error: job.error } };
      await refreshCluster(dependencies, hydrator, job.clusterId, { job: jobId });
      return end === undefined ? undefined : { closed: await closeJob(stores, job, bounded(end)) };
    },

    async CloseJob({ jobId: _jobId, ...end }, { job }) {
      // Ceasing deletes the job's own row too; an earlier attempt did.
      return job === null ? { error: null } : closeJob(stores, job, bounded(end));
    },
  };

  /** Its error may come from another step: it is part of the input. */
  function bounded(end: JobEnd): JobEnd {
    return end.error === null ? end : { ...end, error: toReportedInfo(end.error, dependencies.redactor) };
  }

  /** Stores the plan of an open job, once; a stored one wins. */
  async function storePlan(
    job: Job,
    runtime: Runtime,
    wanted?: Pick<PlanRequest, 'cluster' | 'before'>,
  ): Promise<readonly StepShape[]> {
    const request = { job, ...(wanted ?? (await loadWanted(stores, job))), runtime };
    const plan = await planJob(stores, providers.get(runtime.provider), request);
    const { hash } = await documentPlan(stores, plan, request);
    return stores.jobs.storePlan(job.jobId, flattenPlan(plan), PLAN_SCHEMA_VERSION, hash);
  }

  /** The plan of an open job for which no cloud has to be asked; null if another step has to plan. */
  async function planUnasked(job: Job, runtime: Runtime): Promise<readonly StepShape[] | null> {
    if (JOB_ACTIONS[job.action].needs !== 'nothing' || !isOpenJobStatus(job.status)) return null;
    try {
      return await storePlan(job, runtime);
    } catch {
      // The job is open now: the planning step reports the error, and the job is closed with it.
      return null;
    }
  }
}

/** The cluster that an open job wants, and as it was before if the job changes that. */
async function loadWanted(stores: Stores, job: Job): Promise<Pick<PlanRequest, 'cluster' | 'before'>> {
  const stored = await stores.clusters.load(job.clusterId);
  const change = await stores.jobs.loadChange(job.jobId);
  if (change === null) return { cluster: stored };
  return { cluster: withoutLeaving(stored, change.leaving), before: change.before };
}

/**
 * Two clusters without a given name may choose the same one at the same time: then the later one takes the
 * next.
 */
async function createCluster(
  dependencies: ActivityDependencies,
  hydrator: Hydrator,
  input: CreateClusterInput,
): Promise<PreparedCluster> {
  for (;;) {
    const prepared = await prepareCluster(dependencies, hydrator, input);
    try {
      await dependencies.stores.clusters.create(prepared.wrapper);
      return prepared;
    } catch (error) {
      if (prepared.named || !WindlassError.isInstance(error) || error.code !== 'CLUSTER_NAME_TAKEN')
        throw error;
    }
  }
}

async function openJob(
  dependencies: ActivityDependencies,
  hydrator: Hydrator,
  input: RunJobInput,
): Promise<Job> {
  const { stores } = dependencies;
  if (input.create !== undefined && input.frontgate !== undefined) {
    await stores.clusters.create(
      await prepareFrontgate(dependencies, hydrator, input.create, input.frontgate),
    );
  } else if (input.create !== undefined) {
    const { secrets } = await createCluster(dependencies, hydrator, input.create);
    for (const { name, secret } of secrets) await stores.secrets.putIfAbsent(input.clusterId, name, secret);
  }
  const cluster = await stores.clusters.load(input.clusterId);
  if (cluster.cluster.purpose === 'frontgate') {
    if (input.frontgate === undefined) throw frontgateByHand(input.clusterId);
    await refuseWhileNeeded(stores, cluster.cluster, input.action);
  }
  const runtime = await stores.runtimes.get(cluster.cluster.runtimeId);
  const rule = JOB_ACTIONS[input.action];
  const prepared = await prepareChange(dependencies, hydrator, { ...input, cluster, runtime });
  // Before the rows that refer to them; those of a job that is never opened are deleted with the cluster.
  for (const { name, secret } of prepared?.secrets ?? [])
    await stores.secrets.putIfAbsent(input.clusterId, name, secret);
  return stores.jobs.open(
    {
      jobId: input.jobId,
      clusterId: input.clusterId,
      runtimeId: runtime.runtimeId,
      action: input.action,
      status: 'working',
      options: prepared?.options ?? input.options,
      requestedBy: input.requestedBy,
      startedAt: new Date().toISOString(),
      closedAt: null,
      error: null,
      held: null,
    },
    { from: rule.from, status: rule.transition },
    prepared?.change,
  );
}

function toResultStatus(job: Job): RunJobResult['status'] {
  return job.status === 'failed' || job.status === 'cancelled' ? job.status : 'successful';
}

/** The error for a job on a frontgate that does not come from its own workflow. */
export function frontgateByHand(clusterId: string): WindlassError {
  return new WindlassError(
    'conflict',
    `${clusterId} is a frontgate: it is created, stopped, started and deleted as the clusters behind it need it`,
    { code: 'FRONTGATE_BY_HAND', hint: 'stop or delete the clusters of its VPC instead' },
  );
}

/**
 * A cluster may have joined since its workflow read the set. A failed frontgate may always be deleted: it
 * forwards nothing.
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
