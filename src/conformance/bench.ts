import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  JOB_ACTIONS,
  type ClusterNode,
  type ClusterRole,
  type ClusterStatus,
  type ClusterWrapper,
  type JobAction,
  type JobPlan,
  type PlannedTask,
  type ResourceSpec,
  type TaskAction,
  type VolumeSpec,
} from '../domain/index.ts';
import { findNodeRole, listTasks } from '../plan/index.ts';
import { findTaskFacts, type Provider } from '../provider/index.ts';
import { CLOUD_LIVES, type CloudLife } from './cloud-life.ts';
import { createEngine, type Engine, type EngineTask } from './engine.ts';
import type { NodeResources, Operation } from './operations.ts';
import type { ConformanceHarness, CloudResource } from './options.ts';
import { listLife, planJob, type PlannedJob } from './planned-jobs.ts';
import { createTranscript, type Transcript } from './transcript.ts';
import { newCluster } from '../wanted/index.ts';

const PAUSE_MS = 25;
/** The default timeout of a wait. */
export const WAIT_LIMIT_MS = 30_000;

export interface BenchOptions {
  readonly harness: ConformanceHarness;
  /** The harness's provider by default; or a variant of it with a planted bug. */
  readonly provider?: Provider;
  /** One of its own by default. */
  readonly clusterId?: string;
  /** Records everything that the provider lets out; by default nothing is recorded. */
  readonly transcript?: Transcript;
  /** The timeout of a wait; half a minute by default. */
  readonly waitLimitMs?: number;
  /** That of machines by default. */
  readonly life?: CloudLife;
}

/** A cluster of its own with an engine, to run an operation on one of its nodes. */
export interface Bench {
  readonly harness: ConformanceHarness;
  readonly provider: Provider;
  readonly engine: Engine;
  readonly clusterId: string;
  /** The node under test. */
  readonly node: ClusterNode;
  /** A task of an action from the provider's own plan, a new one each time. */
  task(action: TaskAction): EngineTask;
  prepare(operation: Operation): Promise<EngineTask>;
  /** What the cloud holds of this cluster, ordered by id. */
  list(): Promise<readonly CloudResource[]>;
  /** Checks once whether the cloud holds the result of the operation. */
  assertHolds(operation: Operation): Promise<void>;
  /** Deletes everything that may exist, by tokens alone, and asserts that nothing is left. */
  deleteAll(): Promise<void>;
}

/** Parses the harness's package for a new cluster and plans its life. */
export async function openBench(options: BenchOptions): Promise<Bench> {
  const {
    harness,
    provider = harness.provider,
    clusterId = `cl-${randomBytes(6).toString('hex')}`,
    transcript = createTranscript([]),
    waitLimitMs = WAIT_LIMIT_MS,
    life = CLOUD_LIVES.machines,
  } = options;
  const parsed = await provider.parseClusterConf({
    content: harness.content,
    runtime: harness.runtime,
    conf: harness.conf,
    clusterId,
  });
  const cluster = newCluster(parsed, {
    clusterId,
    runtimeId: harness.runtime.runtimeId,
    versionId: harness.content.versionId,
    appName: 'conformance',
    purpose: harness.purpose ?? 'app',
    conf: harness.conf,
    createdAt: '2026-01-01T00:00:00Z',
  });
  const engine = createEngine({ harness, provider, transcript, waitLimitMs, cluster });
  const node = chooseNode(cluster, provider.capabilities.volumes === true);
  const planned = await collectTasks({ provider, harness, cluster, nodeId: node.nodeId, life });
  const role = findNodeRole(cluster.roles, node);
  assert.ok(role, `node ${node.nodeId} has a role that the cluster does not have`);
  let asked = askedOf(role, harness, 'first');

  const list = async () => {
    const all = await harness.cloud.list();
    return all
      .filter((resource) => resource.token.startsWith(`${clusterId}/`))
      .sort((left, right) => (left.id < right.id ? -1 : 1));
  };

  const bench: Bench = {
    harness,
    provider,
    engine,
    clusterId,
    node,
    list,
    task(action) {
      const found = planned.get(action);
      assert.ok(found, `no plan of what the capabilities name has a task ${action} for node ${node.nodeId}`);
      const { task, job } = found;
      if (job !== null && JOB_ACTIONS[job.action].spec === 'changed') {
        engine.setWanted(job.joined);
        asked = askedOf(findNodeRole(job.joined.roles, node), harness, job.conf);
      }
      if (job === null) asked = grow(role);
      return engine.toTask(task, job === null ? asked : {});
    },
    async prepare(operation) {
      for (const action of operation.prepare) await engine.run(bench.task(action));
      return bench.task(operation.action);
    },
    async assertHolds(operation) {
      const all = await list();
      const own = all.filter((resource) => resource.token.includes(`/${node.nodeId}/`));
      operation.assertHolds({
        instances: own.filter((resource) => resource.kind === 'instance'),
        volumes: own.filter((resource) => resource.kind === 'volume'),
        releases: all.filter((resource) => resource.kind === 'release'),
        asked,
      });
    },
    async deleteAll() {
      engine.ledger.expireLeases();
      const failed = planAction(provider, harness, engine.cluster(), 'delete', 'failed');
      for (const task of listTasks(failed)) {
        if (
          (task.nodeId === node.nodeId || life.kind === 'releases') &&
          findTaskFacts(task.action, provider).by !== 'node'
        ) {
          await engine.run(engine.toTask(task));
        }
      }
      // Checked at once: each wait has reported that nothing carries the token any more.
      const left = (await list()).map((resource) => `${resource.kind} ${resource.id} of ${resource.token}`);
      assert.deepEqual(left, [], 'left in the cloud after everything was deleted');
    },
  };
  return bench;
}

/** Repeats an assertion until it holds, and throws its last failure when it does not in time. */
export async function eventually(limitMs: number, assertion: () => Promise<void>): Promise<void> {
  const giveUpAt = Date.now() + limitMs;
  for (;;) {
    try {
      return await assertion();
    } catch (error) {
      if (Date.now() > giveUpAt) throw error;
      await sleep(PAUSE_MS);
    }
  }
}

function chooseNode(cluster: ClusterWrapper, withVolumes: boolean): ClusterNode {
  const roles = new Set(cluster.roles.filter((role) => role.volumes.length > 0).map((role) => role.role));
  const nodes = [...cluster.nodes].sort((left, right) => (left.nodeId < right.nodeId ? -1 : 1));
  const node = nodes.find((candidate) => !withVolumes || roles.has(candidate.role));
  assert.ok(node, `the harness's package makes no node${withVolumes ? ' with volumes' : ''}`);
  return node;
}

/** The plan of one action of a cluster's life. */
export function planAction(
  provider: Provider,
  harness: ConformanceHarness,
  cluster: ClusterWrapper,
  action: JobAction,
  status: ClusterStatus,
): JobPlan {
  return provider.splitJobIntoTasks({
    job: { jobId: 'j-conformance', clusterId: cluster.cluster.clusterId, action, options: {} },
    cluster: { ...cluster, cluster: { ...cluster.cluster, status } },
    runtime: harness.runtime,
  });
}

/** A task of one of a cluster's jobs; null where no job of the provider has it yet. */
interface CollectedTask {
  readonly task: PlannedTask;
  readonly job: PlannedJob | null;
}

interface CollectRequest {
  readonly provider: Provider;
  readonly harness: ConformanceHarness;
  readonly cluster: ClusterWrapper;
  readonly nodeId: string;
  readonly life: CloudLife;
}

/**
 * The first task of each action that works on the node (or on the whole cluster), from the plans of
 * the actions that the capabilities name. Those that change what is wanted must be parsed, which takes
 * time with charts: they are planned, one on the cluster of the other, only while an operation has no
 * task. Those of a recovery come last: they may find nothing to do. Tasks of a resize that no plan has
 * yet are made from those that create.
 */
async function collectTasks(request: CollectRequest): Promise<ReadonlyMap<TaskAction, CollectedTask>> {
  const { provider, harness, nodeId, life } = request;
  const found = new Map<TaskAction, CollectedTask>();
  const asks = listLife(provider);
  const isMissing = (): boolean => life.operations.some(({ action }) => !found.has(action));
  let { cluster } = request;
  const ranked = asks.map((ask) => ({ ask, rank: rankOf(ask.action) })).sort((a, b) => a.rank - b.rank);
  for (const { ask, rank } of ranked) {
    if (rank > 0 && !isMissing()) continue;
    const job = await planJob(provider, harness, cluster, ask);
    if (rank === 1) cluster = job.wanted;
    for (const task of listTasks(job.plan)) {
      if ((task.nodeId === nodeId || task.nodeId === null) && !found.has(task.action))
        found.set(task.action, { task, job });
    }
  }
  for (const task of makeUpResize(found)) found.set(task.action, { task, job: null });
  return found;
}

function rankOf(action: JobAction): number {
  const { refreshFirst, spec } = JOB_ACTIONS[action];
  if (refreshFirst === true) return 2;
  return spec === 'changed' ? 1 : 0;
}

/** What a handler must be able to do before the frame plans it. */
function makeUpResize(found: ReadonlyMap<TaskAction, CollectedTask>): readonly PlannedTask[] {
  const tasks: PlannedTask[] = [];
  const run = found.get('RunInstances')?.task;
  if (run?.action === 'RunInstances' && !found.has('ResizeInstances')) {
    const { cpu, memoryMiB } = run.directive;
    const directive = { ...run.directive, cpu: cpu * 2, memoryMiB: memoryMiB * 2 };
    tasks.push({ ...run, action: 'ResizeInstances', directive, resources: toChange(run) });
  }
  const create = found.get('CreateVolumes')?.task;
  if (create?.action === 'CreateVolumes' && !found.has('ResizeVolumes')) {
    const directive = { volumes: growVolumes(create.directive.volumes) };
    tasks.push({ ...create, action: 'ResizeVolumes', directive, resources: toChange(create) });
  }
  return tasks;
}

function askedOf(
  role: ClusterRole | undefined,
  { changed }: ConformanceHarness,
  conf: PlannedJob['conf'],
): NodeResources['asked'] {
  assert.ok(role, 'the node under test has a role that the cluster does not have');
  const { cpu, memoryMiB, volumes } = role;
  const versions = changed && { first: changed.versionBefore, changed: changed.versionAfter };
  return { cpu, memoryMiB, volumes, ...(versions === undefined ? {} : { version: versions[conf] }) };
}

function toChange({ resources }: PlannedTask): PlannedTask['resources'] {
  return resources.map((claim) =>
    claim.intent === 'make' ? { ...claim, intent: 'change', spec: growSpec(claim.spec) } : claim,
  );
}

function grow<T extends NodeResources['asked']>(role: T): NodeResources['asked'] {
  return {
    cpu: role.cpu * 2,
    memoryMiB: role.memoryMiB * 2,
    volumes: growVolumes(role.volumes),
  };
}

function growSpec(spec: ResourceSpec): ResourceSpec {
  const grown = Object.entries(spec).map(([name, value]) => [
    name,
    ['cpu', 'memoryMiB', 'sizeGiB'].includes(name) ? Number(value) * 2 : value,
  ]);
  return Object.fromEntries(grown) as ResourceSpec;
}

function growVolumes(volumes: readonly VolumeSpec[]): readonly VolumeSpec[] {
  return volumes.map((volume) => ({ ...volume, sizeGiB: volume.sizeGiB * 2 }));
}
