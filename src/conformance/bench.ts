import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  TASK_ACTIONS,
  type ClusterNode,
  type ClusterStatus,
  type ClusterWrapper,
  type JobAction,
  type JobPlan,
  type PlannedTask,
  type ResourceSpec,
  type TaskAction,
  type VolumeSpec,
} from '../domain/index.ts';
import { listTasks } from '../plan/index.ts';
import type { Provider } from '../provider/index.ts';
import { CLOUD_LIVES, type CloudLife } from './cloud-life.ts';
import { createEngine, type Engine, type EngineTask } from './engine.ts';
import type { NodeWorld, Operation } from './operations.ts';
import type { ConformanceHarness, WorldResource } from './options.ts';
import { createTranscript, type Transcript } from './transcript.ts';
import { mergeWanted, newCluster } from '../wanted/index.ts';

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
  /** The node under test. */
  readonly node: ClusterNode;
  /** A task of an action from the provider's own plan, a new one each time. */
  task(action: TaskAction): EngineTask;
  prepare(operation: Operation): Promise<EngineTask>;
  /** What the cloud holds of this cluster, ordered by id. */
  list(): Promise<readonly WorldResource[]>;
  /** Checks once whether the world holds the result of the operation. */
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
  const planned = collectTasks(provider, harness, cluster, node.nodeId);
  const changes =
    life.kind === 'releases'
      ? await planChanges(provider, harness, cluster)
      : new Map<TaskAction, PlannedChange>();
  const role = cluster.roles.find((candidate) => candidate.role === node.role.replace(/-replica$/, ''));
  assert.ok(role, `node ${node.nodeId} has a role that the cluster does not have`);
  let asked: NodeWorld['asked'] = {
    cpu: role.cpu,
    memoryMiB: role.memoryMiB,
    volumes: role.volumes,
    ...(harness.changed === undefined ? {} : { version: harness.changed.versionBefore }),
  };

  const list = async () => {
    const all = await harness.world.list();
    return all
      .filter((resource) => resource.token.startsWith(`${clusterId}/`))
      .sort((left, right) => (left.id < right.id ? -1 : 1));
  };

  const bench: Bench = {
    harness,
    provider,
    engine,
    node,
    list,
    task(action) {
      const change = changes.get(action);
      if (change !== undefined) {
        engine.setWanted(change.wanted);
        asked = { ...asked, version: change.version };
      }
      const plan = change?.task ?? planned.get(action);
      assert.ok(
        plan,
        `no plan of create, stop, start and delete has a task ${action} for node ${node.nodeId}`,
      );
      if (action === 'ResizeInstances' || action === 'ResizeVolumes') asked = grow(role);
      return engine.toTask(plan, action.startsWith('Resize') ? asked : {});
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
          TASK_ACTIONS[task.action].by !== 'node'
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

interface PlannedChange {
  readonly wanted: ClusterWrapper;
  readonly task: PlannedTask;
  /** What the cloud must run afterwards. */
  readonly version: string;
}

/** The upgrade to the harness's other conf, and the way back, as the engine plans them. */
async function planChanges(
  provider: Provider,
  harness: ConformanceHarness,
  cluster: ClusterWrapper,
): Promise<ReadonlyMap<TaskAction, PlannedChange>> {
  const { changed } = harness;
  assert.ok(changed, 'a harness of releases needs another conf: `changed`');
  const changes = new Map<TaskAction, PlannedChange>();
  let before = cluster;
  for (const [action, conf, version] of [
    ['update-env', changed.conf, changed.versionAfter],
    ['rollback', harness.conf, changed.versionBefore],
  ] as const) {
    const parsed = await provider.parseClusterConf({
      content: harness.content,
      runtime: harness.runtime,
      conf,
      clusterId: cluster.cluster.clusterId,
      change: { action, options: {}, cluster: before },
    });
    const wanted = mergeWanted(before, parsed, { conf });
    const [task] = listTasks(planAction(provider, harness, wanted, action, 'active'));
    assert.ok(task, `the plan of ${action} is empty`);
    changes.set(task.action, { wanted, task, version });
    before = wanted;
  }
  return changes;
}

const LIFE: readonly (readonly [JobAction, ClusterStatus])[] = [
  ['create', 'pending'],
  ['restart', 'active'],
  ['stop', 'active'],
  ['start', 'stopped'],
  ['delete', 'active'],
];

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

/** The node's tasks as the provider plans them; those of resizing are derived from those of creating. */
function collectTasks(
  provider: Provider,
  harness: ConformanceHarness,
  cluster: ClusterWrapper,
  nodeId: string,
): ReadonlyMap<TaskAction, PlannedTask> {
  const tasks = new Map<TaskAction, PlannedTask>();
  for (const [action, status] of LIFE) {
    if (!provider.capabilities.actions.includes(action)) continue;
    for (const task of listTasks(planAction(provider, harness, cluster, action, status))) {
      if ((task.nodeId === nodeId || task.nodeId === null) && !tasks.has(task.action))
        tasks.set(task.action, task);
    }
  }
  const run = tasks.get('RunInstances');
  if (run?.action === 'RunInstances') {
    const { cpu, memoryMiB } = run.directive;
    const directive = { ...run.directive, cpu: cpu * 2, memoryMiB: memoryMiB * 2 };
    tasks.set('ResizeInstances', { ...run, action: 'ResizeInstances', directive, resources: toChange(run) });
  }
  const create = tasks.get('CreateVolumes');
  if (create?.action === 'CreateVolumes') {
    const directive = { volumes: growVolumes(create.directive.volumes) };
    tasks.set('ResizeVolumes', {
      ...create,
      action: 'ResizeVolumes',
      directive,
      resources: toChange(create),
    });
  }
  return tasks;
}

function toChange({ resources }: PlannedTask): PlannedTask['resources'] {
  return resources.map((claim) =>
    claim.intent === 'make' ? { ...claim, intent: 'change', spec: growSpec(claim.spec) } : claim,
  );
}

function grow<T extends NodeWorld['asked']>(role: T): NodeWorld['asked'] {
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
