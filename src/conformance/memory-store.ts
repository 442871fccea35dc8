import {
  type ClusterNode,
  type ClusterRole,
  type ClusterWrapper,
  type Job,
  type MetadataTree,
  type PlannedTask,
  type Runtime,
  type Task,
  type Lease,
} from '../domain/index.ts';
import { generateKeyPair } from '../nodes/index.ts';
import { findNodeRole } from '../plan/index.ts';
import type { Changes, HostKeyPair, NodeAccess, TaskContext } from '../provider/index.ts';
import { createNodeAccess } from './access.ts';
import { deepFreeze } from './deep-freeze.ts';
import { createMemoryLedger, type MemoryLedger } from './memory-ledger.ts';
import type { ConformanceHarness } from './options.ts';
import type { Transcript } from './transcript.ts';

export interface EngineTask {
  readonly task: Task;
  /** Of the role of the task's node: what the task changes of it. */
  readonly role: Partial<ClusterRole>;
}

export interface MemoryStoreOptions {
  readonly harness: ConformanceHarness;
  readonly cluster: ClusterWrapper;
  readonly transcript: Transcript;
}

/** One cluster with its tasks and its ledger, kept in memory as the database keeps them. */
export interface MemoryStore {
  readonly ledger: MemoryLedger;
  cluster(): ClusterWrapper;
  /** The keys of a node, always the same. */
  accessOf(node: ClusterNode): NodeAccess;
  setRuntime(runtime: Runtime): void;
  setStatus(status: ClusterWrapper['cluster']['status']): void;
  /** The desired cluster of a job, as the engine stores it before the job's first task. */
  setWanted(wanted: ClusterWrapper): void;
  /** Gives a planned task an id, and its role, if the task changes the role. */
  addTask(planned: PlannedTask, role?: Partial<ClusterRole>): EngineTask;
  /** A task with all that it refers to. It never counts as ended, so that it can be run again. */
  loadContext(taskId: string): TaskContext;
  /** Stores what a task changed. @throws conflict `LEASE_LOST`: nothing is stored then. */
  storeChanges(task: Task, changes: Changes, leases: readonly Lease[]): void;
  /** The same, at the successful end of a task: its changed resources have their new specs then. */
  storeEnd(task: Task, changes: Changes, leases: readonly Lease[]): void;
}

export function createMemoryStore({ harness, transcript, ...options }: MemoryStoreOptions): MemoryStore {
  const ledger = createMemoryLedger();
  const tasks = new Map<string, EngineTask>();
  const accessByNode = new Map<string, NodeAccess>();
  const changedHostKeys = new Map<string, HostKeyPair>();
  let runtime = harness.runtime;
  let wrapper = options.cluster;
  let metadata: MetadataTree | null = null;

  const job: Job = {
    jobId: `j-${wrapper.cluster.clusterId}`,
    clusterId: wrapper.cluster.clusterId,
    runtimeId: runtime.runtimeId,
    action: 'create',
    status: 'working',
    options: {},
    requestedBy: 'conformance',
    startedAt: wrapper.cluster.createdAt,
    closedAt: null,
    error: null,
    held: null,
  };

  function accessOf(node: ClusterNode): NodeAccess {
    const known = accessByNode.get(node.nodeId) ?? createNodeAccess(node.nodeId);
    accessByNode.set(node.nodeId, known);
    transcript.plantKey(known.clientPrivateKey);
    transcript.plantKey(known.hostPrivateKey);
    return known;
  }

  function getChangedHostKey(nodeId: string): HostKeyPair {
    const known = changedHostKeys.get(nodeId) ?? generateKeyPair(nodeId);
    changedHostKeys.set(nodeId, known);
    transcript.plantKey(known.privateKey);
    return known;
  }

  function getTask(taskId: string): EngineTask {
    const found = tasks.get(taskId);
    if (found === undefined) throw new Error(`the suite knows no task ${taskId}`);
    return found;
  }

  function storeChanges(task: Task, changes: Changes, leases: readonly Lease[]): void {
    ledger.store(changes, leases);
    if (changes.metadata !== undefined) metadata = changes.metadata;
    const change = changes.node;
    if (change === undefined) return;
    wrapper = {
      ...wrapper,
      nodes: wrapper.nodes.map((node) => (node.nodeId === task.nodeId ? { ...node, ...change } : node)),
    };
  }

  return {
    ledger,
    cluster: () => wrapper,
    accessOf,
    setRuntime(changed) {
      runtime = changed;
    },
    setStatus(status) {
      wrapper = { ...wrapper, cluster: { ...wrapper.cluster, status } };
    },
    setWanted(wanted) {
      wrapper = wanted;
    },
    addTask(planned, role = {}) {
      const index = tasks.size + 1;
      const task: Task = {
        ...planned,
        taskId: `${job.jobId}.0.${index}`,
        jobId: job.jobId,
        clusterId: job.clusterId,
        layerIndex: 0,
        index,
        lane: null,
        status: 'working',
        round: 0,
        failures: 0,
        observation: null,
        error: null,
        startedAt: job.startedAt,
        endedAt: null,
      };
      const added = { task, role };
      tasks.set(task.taskId, added);
      return added;
    },
    loadContext(taskId) {
      const { task, role: roleChange } = getTask(taskId);
      const node = wrapper.nodes.find((candidate) => candidate.nodeId === task.nodeId) ?? null;
      const role = node === null ? undefined : findNodeRole(wrapper.roles, node);
      return {
        ...deepFreeze({
          task,
          job,
          runtime,
          credential: harness.credential,
          cluster: wrapper.cluster,
          node,
          role: role === undefined ? null : { ...role, ...roleChange },
          access: node === null ? null : accessOf(node),
          resources: ledger.newest(task.nodeId ?? ''),
        }),
        loadCluster: async () => wrapper,
        loadPackage: async () => harness.content,
        loadMetadata: async () => metadata,
        loadRelatedMetadata: async () => [],
        openSecret: async (reference) => transcript.plant(`opened-secret-of-${reference.$secret}`),
        loadChangedHostKey: async () => getChangedHostKey(node?.nodeId ?? ''),
        loadSecretValues: async () => transcript.planted(),
      };
    },
    storeChanges,
    storeEnd(task, changes, leases) {
      storeChanges(task, changes, leases);
      ledger.applySpecs(task.nodeId ?? '', task.resources);
    },
  };
}
