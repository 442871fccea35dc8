import { setTimeout as sleep } from 'node:timers/promises';
import {
  WindlassError,
  type ClusterNode,
  type ClusterRole,
  type ClusterWrapper,
  type Job,
  type MetadataTree,
  type PlannedTask,
  type Runtime,
  type Task,
} from '../domain/index.ts';
import {
  createCall,
  createEffectCall,
  type Call,
  type CallOptions,
  type Changes,
  type EffectCall,
  type HandleResult,
  type HostKeyPair,
  type NodeAccess,
  type ObserveCall,
  type Observation,
  type Provider,
  type TaskContext,
} from '../provider/index.ts';
import { generateKeyPair } from '../nodes/index.ts';
import { createNodeAccess } from './access.ts';
import { deepFreeze } from './deep-freeze.ts';
import { assertPlainCursor, isCrash, isRetried } from './engine-rules.ts';
import { createMemoryLedger, type MemoryLease, type MemoryLedger } from './ledger.ts';
import type { ConformanceHarness } from './options.ts';
import type { Transcript } from './transcript.ts';

const LOOK_MS = 200;
const PAUSE_MS = 25;
const MAX_PAUSE_MS = 250;
const NO_SIGNAL = new AbortController().signal;

/** How one handle is disturbed; nothing of it happens in an undisturbed one. */
export interface HandleOptions {
  readonly signal?: AbortSignal;
  /**
   * While the provider waits for the budget of a change: before the lease is checked for it, or, in
   * a provider that gets the order wrong, after that and before the change.
   */
  readonly inBudget?: () => Promise<void> | void;
  /** Before the n-th effect (from 1) of this handle, before the lease is checked. */
  readonly beforeEffect?: (count: number) => Promise<void> | void;
  /** Before the n-th effect, when the lease has been found good: too late to be stopped by it. */
  readonly pastLease?: (count: number) => Promise<void> | void;
  /** After the n-th effect. */
  readonly afterEffect?: (count: number) => Promise<void> | void;
  /** The worker dies before it stores the answer. */
  readonly answerLost?: boolean;
}

export interface EngineOptions {
  readonly provider: Provider;
  readonly harness: ConformanceHarness;
  readonly cluster: ClusterWrapper;
  readonly transcript: Transcript;
  readonly waitLimitMs: number;
}

/** What the suite plays: one cluster with its ledger, and workers that handle and wait. */
export interface Engine {
  readonly ledger: MemoryLedger;
  cluster(): ClusterWrapper;
  setRuntime(runtime: Runtime): void;
  setStatus(status: ClusterWrapper['cluster']['status']): void;
  /** What a job wants of the cluster, as the engine stores it before the job's first task. */
  setWanted(wanted: ClusterWrapper): void;
  /** Gives a planned task an id; its role, where the task changes what the role asks for. */
  toTask(planned: PlannedTask, role?: Partial<ClusterRole>): EngineTask;
  /** One handle by a worker of its own, tried again after errors that the engine retries. */
  handle(task: EngineTask, options?: HandleOptions): Promise<HandleResult>;
  /** Writes the ledger rows of a task as a worker does that dies before it calls the provider. */
  claimOnly(task: EngineTask): void;
  /** One look, tried again after errors that the engine retries. */
  look(task: EngineTask, call?: Partial<ObserveCall>): Promise<Observation>;
  waitUntilDone(task: EngineTask): Promise<void>;
  /** Handle and wait, as the job workflow does. */
  run(task: EngineTask, options?: HandleOptions): Promise<void>;
  /** For how many requests to the cloud's API the budget was taken. */
  requests(): number;
  /** A call that only reads, tried again likewise. */
  read<T>(call: (call: Call) => Promise<T>, signal?: AbortSignal): Promise<T>;
}

export interface EngineTask {
  readonly task: Task;
  readonly role: Partial<ClusterRole>;
}

export function createEngine(options: EngineOptions): Engine {
  const { provider, harness, transcript } = options;
  const ledger = createMemoryLedger();
  const accessByNode = new Map<string, NodeAccess>();
  const changedHostKeys = new Map<string, HostKeyPair>();
  let runtime = harness.runtime;
  let wrapper = options.cluster;
  let metadata: MetadataTree | null = null;
  let tasks = 0;
  let workers = 0;
  let requests = 0;

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
  };

  const toCallOptions = (signal = NO_SIGNAL): CallOptions => ({
    signal,
    log: (message, fields) => transcript.add('log', { message, fields }),
    async takeBudget(count) {
      requests += count;
    },
  });

  function getAccess(node: ClusterNode): NodeAccess {
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

  function hydrate({ task, role: roleChange }: EngineTask): TaskContext {
    const node = wrapper.nodes.find((candidate) => candidate.nodeId === task.nodeId) ?? null;
    const role =
      wrapper.roles.find((candidate) => candidate.role === node?.role.replace(/-replica$/, '')) ?? null;
    return {
      ...deepFreeze({
        task,
        job,
        runtime,
        credential: harness.credential,
        cluster: wrapper.cluster,
        node,
        role: role === null ? null : { ...role, ...roleChange },
        access: node === null ? null : getAccess(node),
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
  }

  function applyEnd(task: Task, changes: Changes | undefined, leases: readonly MemoryLease[]): void {
    applyChanges(task, changes, leases);
    ledger.applySpecs(task.nodeId ?? '', task.resources);
  }

  function applyChanges(task: Task, changes: Changes | undefined, leases: readonly MemoryLease[]): void {
    ledger.applyChanges(changes?.resources ?? [], leases);
    ledger.beginNext(changes?.next ?? []);
    if (changes?.metadata !== undefined) metadata = changes.metadata;
    const change = changes?.node;
    if (change === undefined) return;
    wrapper = {
      ...wrapper,
      nodes: wrapper.nodes.map((node) => (node.nodeId === task.nodeId ? { ...node, ...change } : node)),
    };
  }

  function claim({ task }: EngineTask, holder: string): readonly MemoryLease[] {
    return ledger.claim({
      clusterId: wrapper.cluster.clusterId,
      nodeId: task.nodeId ?? '',
      holder,
      jobId: job.jobId,
      claims: task.resources,
    });
  }

  function createHandleCall(
    leases: readonly MemoryLease[],
    options: HandleOptions,
    counts: EffectCounts,
  ): EffectCall {
    const given = toCallOptions(options.signal);
    // Set while the budget that is taken is that of a change.
    let changing = 0;
    const call = createEffectCall({
      ...given,
      async takeBudget(count) {
        await given.takeBudget(count);
        if (changing > 0) await options.inBudget?.();
      },
      async assertHeld(token) {
        counts.before += 1;
        const count = counts.before;
        await options.beforeEffect?.(count);
        const lease = leases.find((candidate) => candidate.token === token);
        if (lease === undefined) {
          throw new WindlassError(
            'internal',
            `an effect on ${token} was tried, which the task does not claim`,
            { code: 'TOKEN_NOT_CLAIMED' },
          );
        }
        ledger.assertHeld(lease);
        await options.pastLease?.(count);
      },
      async afterEffect() {
        counts.after += 1;
        await options.afterEffect?.(counts.after);
      },
      isFirstClaim: (token) => leases.find((lease) => lease.token === token)?.fence === 1,
    });
    return {
      ...call,
      async effect(token, send, sendOptions) {
        changing += 1;
        try {
          return await call.effect(token, send, sendOptions);
        } finally {
          changing -= 1;
        }
      },
    };
  }

  async function handleOnce(task: EngineTask, options: HandleOptions, holder: string, counts: EffectCounts) {
    const leases = claim(task, holder);
    try {
      const result = await provider.handleSubtask(hydrate(task), createHandleCall(leases, options, counts));
      transcript.add(`result of ${task.task.action}`, result);
      const apply = result.state === 'done' ? applyEnd : applyChanges;
      if (options.answerLost !== true) apply(task.task, result.changes, leases);
      ledger.release(leases);
      return result;
    } catch (error) {
      if (!isCrash(error)) ledger.release(leases);
      throw error;
    }
  }

  async function retry<T>(what: string, attempt: () => Promise<T>): Promise<T> {
    const giveUpAt = Date.now() + options.waitLimitMs;
    for (let tries = 1; ;) {
      try {
        return await attempt();
      } catch (error) {
        transcript.addError(what, error);
        // Waiting for another worker's lease is no try: a slow cloud would use all of them up.
        const waited = WindlassError.isInstance(error) && error.code === 'LEASE_HELD';
        tries += waited ? 0 : 1;
        if (!isRetried(error, tries - 1) || Date.now() > giveUpAt) throw error;
        await sleep(Math.min(WindlassError.isInstance(error) ? (error.retryAfterMs ?? 0) : 0, MAX_PAUSE_MS));
      }
    }
  }

  const engine: Engine = {
    ledger,
    cluster: () => wrapper,
    requests: () => requests,
    setRuntime(changed) {
      runtime = changed;
    },
    setStatus(status) {
      wrapper = { ...wrapper, cluster: { ...wrapper.cluster, status } };
    },
    setWanted(wanted) {
      wrapper = wanted;
    },
    toTask(planned, role = {}) {
      tasks += 1;
      const task: Task = {
        ...planned,
        taskId: `${job.jobId}.0.${tasks}`,
        jobId: job.jobId,
        clusterId: job.clusterId,
        layerIndex: 0,
        index: tasks,
        status: 'working',
        failures: 0,
        observation: null,
        error: null,
        startedAt: job.startedAt,
        endedAt: null,
      };
      return { task, role };
    },
    async handle(task, handleOptions = {}) {
      // Who needs a frontgate is the engine's own matter: no provider ever sees these tasks.
      if (task.task.action === 'AcquireFrontgate' || task.task.action === 'ReleaseFrontgate')
        return { state: 'done' };
      workers += 1;
      const holder = `worker-${workers}`;
      const counts: EffectCounts = { before: 0, after: 0 };
      for (;;) {
        const result = await retry(task.task.action, () => handleOnce(task, handleOptions, holder, counts));
        // A worker whose answer is lost has stored nothing: whoever comes next finds the same.
        if (result.state !== 'again' || handleOptions.answerLost === true) return result;
      }
    },
    claimOnly(task) {
      workers += 1;
      ledger.release(claim(task, `worker-${workers}`));
    },
    async look(task, call = {}) {
      return retry(`Wait${task.task.action}`, async () => {
        const observation = await provider.waitSubtask(hydrate(task), {
          watchMs: LOOK_MS,
          cursor: undefined,
          ...createCall(toCallOptions(call.signal)),
          ...call,
        });
        transcript.add(`observation of ${task.task.action}`, observation);
        if (observation.state === 'pending') assertPlainCursor(observation.cursor);
        else applyEnd(task.task, observation.changes, []);
        return observation;
      });
    },
    async waitUntilDone(task) {
      const giveUpAt = Date.now() + options.waitLimitMs;
      let cursor: unknown;
      for (;;) {
        const observation = await engine.look(task, { cursor });
        if (observation.state === 'done') return;
        if (Date.now() > giveUpAt) {
          throw new WindlassError('timeout', `${task.task.action} is not done: ${observation.seen}`, {
            code: 'CONFORMANCE_WAIT_LIMIT',
          });
        }
        cursor = observation.cursor;
        await sleep(Math.min(observation.retryAfterMs ?? PAUSE_MS, MAX_PAUSE_MS));
      }
    },
    async run(task, handleOptions) {
      const result = await engine.handle(task, handleOptions);
      if (result.state === 'started' || handleOptions?.answerLost === true) await engine.waitUntilDone(task);
    },
    read: (call, signal) =>
      retry('a read', async () => {
        const answer = await call(createCall(toCallOptions(signal)));
        transcript.add('answer', answer);
        return answer;
      }),
  };
  return engine;
}

interface EffectCounts {
  before: number;
  after: number;
}
