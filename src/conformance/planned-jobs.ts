import assert from 'node:assert/strict';
import {
  JOB_ACTIONS,
  type ClusterStatus,
  type ClusterWrapper,
  type Conf,
  type JobAction,
  type JobOptions,
  type JobPlan,
} from '../domain/index.ts';
import type { PlanRequest, Provider } from '../provider/index.ts';
import { adjustRoles, joinLeaving, mergeWanted } from '../wanted/index.ts';
import type { ConformanceHarness } from './options.ts';

/** How the suite asks for an action: of a cluster in which status, and what a user would say. */
export interface Ask {
  readonly action: JobAction;
  readonly from: ClusterStatus;
  readonly options?: (cluster: ClusterWrapper) => JobOptions;
  /** Which of the harness's confs the cluster runs afterwards; as before where absent. */
  readonly conf?: 'changed' | 'first';
  /** What must have been done before, for it to be possible. */
  readonly after?: JobAction;
}

/**
 * A cluster's life in which each action comes once, in an order in which each is possible. What a
 * provider's capabilities do not name is left out; what they name and is not here, the suite refuses.
 */
const LIFE: readonly Ask[] = [
  { action: 'create', from: 'pending' },
  { action: 'restart', from: 'active' },
  { action: 'update-env', from: 'active', conf: 'changed' },
  { action: 'rollback', from: 'active', conf: 'first' },
  { action: 'upgrade', from: 'active', options: ({ cluster }) => ({ versionId: cluster.versionId }) },
  {
    action: 'add-nodes',
    from: 'active',
    options: (cluster) => ({ role: firstRole(cluster).role, count: 1 }),
  },
  {
    action: 'delete-nodes',
    from: 'active',
    after: 'add-nodes',
    options: (cluster) => ({ role: firstRole(cluster).role, count: 1 }),
  },
  { action: 'stop', from: 'active' },
  { action: 'resize', from: 'stopped', options: toLarger },
  { action: 'start', from: 'stopped' },
  { action: 'recover', from: 'failed' },
  { action: 'delete', from: 'active' },
  { action: 'cease', from: 'deleted' },
];

/** One action of a cluster's life, as the engine has it planned. */
export interface PlannedJob {
  readonly action: JobAction;
  readonly from: ClusterStatus;
  /** The cluster that the job works on: as it shall be, with the nodes that leave. */
  readonly joined: ClusterWrapper;
  /** The cluster afterwards. */
  readonly wanted: ClusterWrapper;
  /** Which of the harness's confs it runs then. */
  readonly conf: 'changed' | 'first';
  readonly request: PlanRequest;
  readonly plan: JobPlan;
}

/** The asks of every action that the capabilities name, in order. @throws where the suite knows none. */
export function listLife({ capabilities }: Pick<Provider, 'capabilities'>): readonly Ask[] {
  const known = new Set<JobAction>(LIFE.map(({ action }) => action));
  const unknown = capabilities.actions.filter((action) => !known.has(action));
  assert.deepEqual(unknown, [], 'actions of the capabilities that the suite does not know how to ask for');
  return LIFE.filter(({ action }) => capabilities.actions.includes(action));
}

/** The cluster on which a job of the ask is possible, made of one that is new. */
export async function planBefore(
  provider: Provider,
  harness: ConformanceHarness,
  cluster: ClusterWrapper,
  { after }: Ask,
): Promise<ClusterWrapper> {
  const earlier = LIFE.find(({ action }) => action === after);
  return earlier === undefined ? cluster : (await planJob(provider, harness, cluster, earlier)).wanted;
}

/** Plans one action on a cluster as it is, by the steps of the engine: parse, adjust, merge, plan. */
export async function planJob(
  provider: Provider,
  harness: ConformanceHarness,
  cluster: ClusterWrapper,
  ask: Ask,
): Promise<PlannedJob> {
  const { action, from } = ask;
  const options = ask.options?.(cluster) ?? {};
  const before = { ...cluster, cluster: { ...cluster.cluster, status: from } };
  const asked = {
    job: { jobId: 'j-conformance', clusterId: cluster.cluster.clusterId, action, options },
    runtime: harness.runtime,
  };
  const conf = ask.conf ?? (cluster.cluster.conf === harness.changed?.conf ? 'changed' : 'first');
  if (JOB_ACTIONS[action].spec !== 'changed') {
    const request: PlanRequest = { ...asked, cluster: before };
    const plan = provider.splitJobIntoTasks(request);
    return { action, from, joined: before, wanted: before, conf, request, plan };
  }
  const given = confOf(harness, conf);
  const parsed = await provider.parseClusterConf({
    content: harness.content,
    runtime: harness.runtime,
    conf: given,
    clusterId: cluster.cluster.clusterId,
    change: { action, options, cluster: before },
  });
  const adjustments = adjustRoles(before, { action, options });
  const wanted = mergeWanted(before, parsed, { conf: given, adjustments });
  const request: PlanRequest = { ...asked, cluster: wanted, before };
  const plan = provider.splitJobIntoTasks(request);
  return { action, from, joined: joinLeaving(before, wanted).joined, wanted, conf, request, plan };
}

function confOf({ conf, changed }: ConformanceHarness, which: 'changed' | 'first'): Conf {
  if (which === 'first') return conf;
  assert.ok(changed, 'a harness whose provider changes clusters needs another conf: `changed`');
  return changed.conf;
}

function firstRole({ roles }: ClusterWrapper): ClusterWrapper['roles'][number] {
  const [role] = [...roles].sort((left, right) => (left.role < right.role ? -1 : 1));
  assert.ok(role, 'the cluster has no role');
  return role;
}

function toLarger(cluster: ClusterWrapper): JobOptions {
  const { role, cpu, memoryMiB, volumes } = firstRole(cluster);
  const [volume] = volumes;
  const volumeSize = volume === undefined ? {} : { volumeSizeGiB: volume.sizeGiB * 2 };
  return { sizes: [{ role, cpu: cpu * 2, memoryMiB: memoryMiB * 2, ...volumeSize }] };
}
