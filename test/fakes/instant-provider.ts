import { setTimeout as sleep } from 'node:timers/promises';
import { parseClusterConf } from '../../src/app-package/index.ts';
import {
  findCoreFacts,
  JOB_ACTION_NAMES,
  WindlassError,
  type ClusterNode,
  type ErrorInfo,
  type JobPlan,
  type TaskLayer,
  type ResourceChange,
  type TaskAction,
} from '../../src/domain/index.ts';
import {
  PROVIDER_CONTRACT_VERSION,
  type Call,
  type Changes,
  type Provider,
  type TaskContext,
} from '../../src/provider/index.ts';
import { planVmJob, vmCapabilities } from '../../src/vm/index.ts';
import { planInstantChange } from './instant-changes.ts';
import { parseInstantConf } from './instant-cluster.ts';

/** Which task is meant: the one of this node (from 0, in the order of its layer, or of its lanes), or every one of the action. */
export interface InstantTarget {
  readonly action: TaskAction;
  readonly nodeIndex?: number;
  /** Of one account; of all by default. */
  readonly account?: string;
  /** In the handle by default. */
  readonly in?: 'handle' | 'wait';
}

/** An input that ends the process that evaluates it. */
export interface DeadlyInput {
  readonly cluster: string;
  readonly at: 'parse' | TaskAction;
  readonly how: 'dies' | 'stands still';
}

export interface InstantProviderOptions {
  readonly name?: string;
  /** Every action that changes a cluster, on the fixture package `instant`; only the first four by default. */
  readonly changes?: boolean;
  /** How many nodes a cluster may have; more are refused as a quota. */
  readonly room?: number;
  /** Whether tasks claim rows of the ledger and go by their leases; true by default. */
  readonly ledger?: boolean;
  /** How long each call takes; 0 by default. */
  readonly latencyMs?: number;
  /** `started` makes the engine wait, `done` leaves the wait out; `started` by default. */
  readonly handles?: 'started' | 'done';
  /** How many polls find a wait pending before one finds it done; 0 by default. Counted by each process. */
  readonly pendingLooks?: number;
  readonly failOn?: InstantTarget & {
    readonly error: ErrorInfo;
    /** How often, per task and process; always by default. */
    readonly times?: number;
  };
  /** A handle that runs until it is cancelled, or a wait that is pending forever. */
  readonly hangOn?: InstantTarget;
  /** What the worker does not survive, of clusters whose conf or node ids hold the word. */
  readonly deadly?: readonly DeadlyInput[];
}

/** A provider without a cloud: everything is there at once. All of it is in its options, which are JSON. */
export interface InstantProvider extends Provider {
  /** How many effects there were, by action. */
  readonly effects: ReadonlyMap<TaskAction, number>;
  /** The number of handles and polls, by `<taskId>` and `<taskId>/wait`. */
  readonly calls: ReadonlyMap<string, number>;
}

const CAPABILITIES = vmCapabilities({ nodeAccess: 'direct', volumes: true, gpu: true });

const CHANGING = JOB_ACTION_NAMES.filter(
  (action) => action !== 'cease' && !/custom-service|key-pairs/.test(action),
);

/**
 * For tests of the engine and for the bench. A package is parsed as on any VM cloud; without one
 * (content of no files) `conf.nodes` says how many nodes there are, each with one volume.
 */
export function createInstantProvider(options: InstantProviderOptions = {}): InstantProvider {
  const {
    changes = false,
    ledger = true,
    latencyMs = 0,
    handles = 'started',
    pendingLooks = 0,
    failOn,
    hangOn,
    deadly = [],
  } = options;
  const effects = new Map<TaskAction, number>();
  const calls = new Map<string, number>();
  const failures = new Map<string, number>();

  async function enter(context: TaskContext, call: Call, place: 'handle' | 'wait'): Promise<number> {
    const key = place === 'handle' ? context.task.taskId : `${context.task.taskId}/wait`;
    const count = (calls.get(key) ?? 0) + 1;
    calls.set(key, count);
    await pause(latencyMs, call);
    if (failOn !== undefined && isMeant(failOn, context, place)) {
      const failed = (failures.get(key) ?? 0) + 1;
      failures.set(key, failed);
      if (failed <= (failOn.times ?? Number.POSITIVE_INFINITY)) throw WindlassError.fromInfo(failOn.error);
    }
    return count;
  }

  return {
    effects,
    calls,
    contractVersion: PROVIDER_CONTRACT_VERSION,
    name: options.name ?? 'instant',
    capabilities: changes ? { ...CAPABILITIES, actions: CHANGING } : CAPABILITIES,
    async parseClusterConf(request) {
      await evaluate(deadly, 'parse', JSON.stringify(request.conf));
      if (request.content.files.length === 0) return parseInstantConf(request);
      return parseClusterConf(request);
    },
    splitJobIntoTasks(request) {
      const isChange = changes && !CAPABILITIES.actions.includes(request.job.action);
      const plan = isChange ? planInstantChange(request) : planVmJob(request, CAPABILITIES);
      return ledger ? plan : withoutClaims(plan);
    },

    async handleSubtask(context, call) {
      await enter(context, call, 'handle');
      await evaluate(deadly, context.task.action, context.cluster.name);
      if (hangOn !== undefined && isMeant(hangOn, context, 'handle')) await hang(call);
      const changes: ResourceChange[] = [];
      for (const row of claimedRows(context)) {
        await call.effect(row.token, async () => undefined);
        if (MAKES.has(context.task.action)) {
          changes.push({ token: row.token, state: 'made', cloudId: toCloudId(row.token) });
        }
        if (handles === 'done' && DELETES.has(context.task.action))
          changes.push({ token: row.token, state: 'gone' });
      }
      effects.set(context.task.action, (effects.get(context.task.action) ?? 0) + 1);
      if (handles === 'done' || findCoreFacts(context.task.action)?.wait === 'never')
        return { state: 'done', changes: { resources: changes, ...toNodeChange(context) } };
      return { state: 'started', changes: { resources: changes } };
    },

    async waitSubtask(context, call) {
      const looks = await enter(context, call, 'wait');
      if (hangOn !== undefined && isMeant(hangOn, context, 'wait')) {
        return { state: 'pending', seen: 'hangs as it was asked to' };
      }
      if (looks <= pendingLooks) return { state: 'pending', seen: `look ${looks} of ${pendingLooks + 1}` };
      const gone = DELETES.has(context.task.action) ? claimedRows(context) : [];
      const resources = gone.map(({ token }): ResourceChange => ({ token, state: 'gone' }));
      return { state: 'done', changes: { resources, ...toNodeChange(context) } };
    },

    describeSubnets: async ({ runtime }) => [
      {
        subnetId: 'subnet-1',
        name: 'only',
        vpcId: 'vpc-1',
        zone: runtime.zone,
        cidr: '10.0.0.0/8',
        freeAddresses: 1e6,
      },
    ],
    describeVpc: async ({ vpcId }) => ({
      vpcId,
      name: 'only',
      cidr: '10.0.0.0/8',
      status: 'active',
      subnetIds: ['subnet-1'],
    }),
    checkResource: async ({ cluster }) => {
      if (cluster.nodes.length <= (options.room ?? Number.POSITIVE_INFINITY)) return;
      throw new WindlassError('quota', `there is room for ${options.room} nodes`, { code: 'INSTANT_ROOM' });
    },
    validateCredential: async ({ settings }) => ({
      account: settings['account'] ?? 'instant',
      region: 'instant',
    }),
    describeRuntimeProviderZones: async () => ['instant-1'],
    updateClusterStatus: async ({ cluster }) => ({
      nodes: cluster.nodes.map(({ nodeId, status }) => ({ nodeId, status })),
    }),
    describeClusterDetails: async ({ cluster }) => ({
      nodes: cluster.nodes.map(({ nodeId, status }) => ({ nodeId, state: status, facts: {} })),
      facts: {},
    }),
  };
}

const MAKES: ReadonlySet<TaskAction> = new Set(['RunInstances', 'CreateVolumes']);
const DELETES: ReadonlySet<TaskAction> = new Set(['DeleteInstances', 'DeleteVolumes']);

function isMeant(target: InstantTarget, { task, runtime }: TaskContext, place: 'handle' | 'wait'): boolean {
  return (
    target.action === task.action &&
    (target.in ?? 'handle') === place &&
    (target.account ?? runtime.account) === runtime.account &&
    (target.nodeIndex === undefined || target.nodeIndex === (task.lane ?? task.index))
  );
}

function claimedRows({ task, resources }: TaskContext) {
  return task.resources.flatMap(({ kind }) => resources[kind] ?? []);
}

function toCloudId(token: string): string {
  return `instant/${token}`;
}

function toNodeChange({ task, node }: TaskContext): Pick<Changes, 'node'> {
  if (node === null) return {};
  switch (task.action) {
    case 'RunInstances':
    case 'StartInstances':
      return { node: { status: 'active', instanceId: `i-${node.nodeId}`, privateIp: toAddress(node) } };
    case 'StopInstances':
      return { node: { status: 'stopped' } };
    case 'DeleteInstances':
      return { node: { status: 'deleted', instanceId: '' } };
    default:
      return {};
  }
}

function toAddress({ serverId }: ClusterNode): string {
  return `10.0.${serverId >> 8}.${serverId & 255}`;
}

function withoutClaims(plan: JobPlan): JobPlan {
  const without = <Layer extends TaskLayer>(layer: Layer): Layer => ({
    ...layer,
    tasks: layer.tasks.map((task) => ({ ...task, resources: [] })),
  });
  return plan.map((step) =>
    step.kind === 'layer'
      ? without(step)
      : { ...step, lanes: step.lanes.map((lane) => ({ ...lane, layers: lane.layers.map(without) })) },
  );
}

async function evaluate(deadly: readonly DeadlyInput[], at: DeadlyInput['at'], input: string): Promise<void> {
  const met = deadly.find((one) => one.at === at && input.includes(one.cluster));
  if (met === undefined) return;
  if (met.how === 'dies') process.kill(process.pid, 'SIGKILL');
  else for (;;);
  await new Promise(() => undefined);
}

async function hang(call: Call): Promise<never> {
  return new Promise((_, reject) => {
    const give = () =>
      reject(new WindlassError('cancelled', 'the call was cancelled', { code: 'CANCELLED' }));
    if (call.signal.aborted) give();
    call.signal.addEventListener('abort', give, { once: true });
  });
}

async function pause(latencyMs: number, call: Call): Promise<void> {
  if (call.signal.aborted) await hang(call);
  if (latencyMs > 0) await sleep(latencyMs);
}
