import { setTimeout as sleep } from 'node:timers/promises';
import { parseClusterConf } from '../../src/app-package/index.ts';
import {
  JOB_ACTIONS,
  WindlassError,
  type ClusterNode,
  type ClusterWrapper,
  type ErrorInfo,
  type JobPlan,
  type ResourceChange,
  type TaskAction,
} from '../../src/domain/index.ts';
import {
  PROVIDER_CONTRACT_VERSION,
  type Call,
  type Capabilities,
  type Changes,
  type ParseClusterConfRequest,
  type Provider,
  type TaskContext,
} from '../../src/provider/index.ts';
import { planVmJob } from '../../src/vm/index.ts';

/** Which task is meant: the one of this node (from 0, in the order of its layer), or every one of the action. */
export interface InstantTarget {
  readonly action: TaskAction;
  readonly nodeIndex?: number;
  /** In the handle by default. */
  readonly in?: 'handle' | 'wait';
}

export interface InstantProviderOptions {
  readonly name?: string;
  /** Whether tasks claim rows of the ledger and go by their leases; true by default. */
  readonly ledger?: boolean;
  /** How long each call takes; 0 by default. */
  readonly latencyMs?: number;
  /** `started` makes the engine wait, `done` leaves the wait out; `started` by default. */
  readonly handles?: 'started' | 'done';
  /** Looks that find a wait pending before one finds it done; 0 by default. Counted by each process. */
  readonly pendingLooks?: number;
  readonly failOn?: InstantTarget & {
    readonly error: ErrorInfo;
    /** How often, per task and process; always by default. */
    readonly times?: number;
  };
  /** A handle that goes on until it is cancelled, or a wait that is pending for ever. */
  readonly hangOn?: InstantTarget;
}

/** A provider without a cloud: everything is there at once. All of it is in its options, which are JSON. */
export interface InstantProvider extends Provider {
  /** How many effects there were, by action. */
  readonly effects: ReadonlyMap<TaskAction, number>;
  /** How many handles and looks there were, by `<taskId>` and `<taskId>/wait`. */
  readonly calls: ReadonlyMap<string, number>;
}

const CAPABILITIES: Capabilities = {
  actions: JOB_ACTIONS.filter((action) => ['create', 'stop', 'start', 'delete'].includes(action)),
  nodeAccess: 'direct',
  volumes: true,
  gpu: true,
  reservedIps: false,
  loadbalancer: false,
  associateEip: false,
  changeSubnet: false,
  volumeSnapshots: false,
};

/**
 * For tests of the engine and for the bench. A package is parsed as on any VM cloud; without one
 * (content of no files) `conf.nodes` says how many nodes there are, each with one volume.
 */
export function createInstantProvider(options: InstantProviderOptions = {}): InstantProvider {
  const { ledger = true, latencyMs = 0, handles = 'started', pendingLooks = 0, failOn, hangOn } = options;
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
    capabilities: CAPABILITIES,
    parseClusterConf: async (request) =>
      request.content.files.length > 0 ? parseClusterConf(request) : buildCluster(request),
    splitJobIntoTasks(request) {
      const plan = planVmJob(request, CAPABILITIES);
      return ledger ? plan : withoutClaims(plan);
    },

    async handleSubtask(context, call) {
      await enter(context, call, 'handle');
      if (hangOn !== undefined && isMeant(hangOn, context, 'handle')) await hang(call);
      const changes: ResourceChange[] = [];
      for (const row of claimedRows(context)) {
        await call.beforeEffect(row.token);
        await call.afterEffect(row.token);
        if (MAKES.has(context.task.action)) {
          changes.push({ token: row.token, state: 'made', cloudId: toCloudId(row.token) });
        }
        if (handles === 'done' && DELETES.has(context.task.action))
          changes.push({ token: row.token, state: 'gone' });
      }
      effects.set(context.task.action, (effects.get(context.task.action) ?? 0) + 1);
      if (handles === 'done')
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
    checkResource: async () => {},
    validateCredential: async () => ({ account: 'instant', region: 'instant' }),
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

function isMeant(target: InstantTarget, { task }: TaskContext, place: 'handle' | 'wait'): boolean {
  return (
    target.action === task.action &&
    (target.in ?? 'handle') === place &&
    (target.nodeIndex === undefined || target.nodeIndex === task.index)
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
  return plan.map((layer) => ({ ...layer, tasks: layer.tasks.map((task) => ({ ...task, resources: [] })) }));
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

function buildCluster({
  runtime,
  conf,
  clusterId,
  createdAt,
  content,
}: ParseClusterConfRequest): ClusterWrapper {
  const count = conf['nodes'];
  if (typeof count !== 'number' || !Number.isInteger(count) || count < 1) {
    throw new WindlassError('invalid-input', 'nodes must be a whole number from 1', {
      code: 'CONF_INVALID',
      field: 'nodes',
    });
  }
  const volume = { index: 0, volumeId: '', sizeGiB: 10, device: '', mountPoint: '/data' };
  const service = {
    custom: false,
    order: 0,
    nodesToExecuteOn: null,
    timeoutSeconds: 60,
    postStartService: false,
  };
  const rest = {
    postStopService: false,
    allowForce: false,
    preCheck: null,
    selector: null,
    idempotent: true,
  };
  const services = ['init', 'start', 'stop', 'destroy'].map((name) => ({
    ...service,
    ...rest,
    name,
    command: 'true',
    serviceParams: {},
  }));
  return {
    cluster: {
      clusterId,
      name: clusterId,
      description: '',
      runtimeId: runtime.runtimeId,
      versionId: content.versionId,
      appName: 'instant',
      subnetId: 'subnet-1',
      vpcId: 'vpc-1',
      status: 'pending',
      transitionStatus: null,
      env: {},
      endpoints: [],
      metadataRootAccess: false,
      advancedActions: [],
      upgradePolicy: [],
      healthCheck: null,
      monitor: null,
      displayTabs: null,
      reservedIps: {},
      createdAt,
    },
    roles: [
      {
        clusterId,
        role: 'node',
        container: { type: 'instant', image: 'instant', zone: '' },
        cpu: 1,
        memoryMiB: 1024,
        gpu: 0,
        gpuClass: 0,
        instanceClass: 0,
        volumes: [
          {
            index: 0,
            sizeGiB: 10,
            volumeClass: 0,
            mountPoint: '/data',
            mountOptions: '',
            filesystem: 'ext4',
          },
        ],
        services,
        env: {},
        replica: 0,
        serverIdUpperBound: null,
        passphraseless: null,
        verticalScalingPolicy: 'parallel',
        userAccess: false,
        agentInstalled: true,
        customMetadata: null,
        healthCheck: null,
        monitor: null,
        advancedActions: [],
      },
    ],
    nodes: Array.from({ length: count }, (_, index) => ({
      nodeId: `${clusterId}-n${index + 1}`,
      clusterId,
      role: 'node',
      serverId: index + 1,
      groupId: index + 1,
      globalServerId: 100_000_001 + index,
      isReplica: false,
      status: 'pending',
      instanceId: '',
      privateIp: '',
      publicIp: '',
      ssh: { port: 22, user: 'root', hostKey: '', root: '' },
      volumes: [volume],
      passphraselessKey: '',
      customToken: '',
    })),
    links: [],
  };
}
