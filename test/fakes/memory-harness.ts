import type { Call, Features, Provider, ProviderHandler } from '../../src/provider/index.ts';
import { WindlassError } from '../../src/domain/index.ts';
import { createConformancePackage, type ConformanceHarness } from '../../src/conformance/index.ts';
import type { NodeShell } from '../../src/nodes/index.ts';
import { createVmProvider, vmCapabilities, type VmEnvironment } from '../../src/vm/index.ts';
import { createMemoryClient, type MemoryClient } from './memory-client.ts';
import { MemoryCloud, type MemoryApi } from './memory-cloud.ts';
import {
  createMemoryHandler,
  createMemoryLookUp,
  refuseWhenCancelled,
  type MemoryLookUp,
} from './memory-handler.ts';

export const MEMORY_FEATURES: Features = { nodeAccess: 'direct', volumes: true };
export const MEMORY_CAPABILITIES = vmCapabilities(MEMORY_FEATURES);

const API_KEY = 'key-8f1c2d77a9-planted';
const NOTHING: MemoryLookUp = { findInstance: async () => undefined, findVolume: async () => undefined };

/** What the memory cloud has nothing of. */
export const MEMORY_WITHOUT = { fillFirstPlacement: 'a node has one place only' };

/** A careful provider on a cloud in memory; the suite is tested on it. */
export async function createMemoryHarness(
  options: { adoption?: boolean; bug?: MemoryBug } = {},
): Promise<ConformanceHarness> {
  const { bug = {} } = options;
  const cloud = new MemoryCloud({
    apiKey: API_KEY,
    quotaInstances: 100,
    quotaVolumes: 100,
    tokensFree: bug.tokensFree === true,
    ...(bug.changeMs === undefined ? {} : { changeMs: bug.changeMs }),
    ...(bug.hiddenMs === undefined ? {} : { hiddenMs: bug.hiddenMs }),
  });
  const client = createMemoryClient(cloud);
  const lookUp = options.adoption === false ? NOTHING : createMemoryLookUp(client);
  const handler = createMemoryHandler(client, lookUp, { user: 'root' });
  const environment = createMemoryEnvironment(client, () => cloud.options.quotaInstances);
  const careful = createVmProvider({
    name: 'memory',
    features: MEMORY_FEATURES,
    handler: { ...handler, ...bug.handler?.(handler, client) },
    environment: { ...environment, ...bug.environment?.(environment) },
    nodes: unreachableNodes,
  });
  const carrying = carryCalls(careful, (call, run) =>
    client.runCall(
      bug.signalIgnored === true ? { ...call, signal: new AbortController().signal } : call,
      run,
    ),
  );
  const provider = bug.provider?.(carrying) ?? carrying;
  const runtime = {
    runtimeId: 'rt-memory',
    name: 'memory',
    provider: 'memory',
    url: '',
    zone: 'zone-1',
    settings: {},
    account: 'memory',
    region: 'memory',
    createdAt: '2026-01-01T00:00:00Z',
  };
  return {
    provider,
    runtime,
    credential: { apiKey: API_KEY },
    badCredential: { credential: { apiKey: 'wrong-3b44-planted' }, kind: 'permission' },
    content: createConformancePackage(),
    conf: { cluster: { name: 'conformance' } },
    nodesReachable: false,
    vpcId: 'vpc-1',
    cloud: {
      list: async () => cloud.list(),
      destroyInstance: async (id) => cloud.destroyInstance(id),
      holdAnswers: async () => {
        const release = cloud.holdAnswers();
        return async () => release();
      },
      failInstance: async (id) => cloud.failInstance(id),
      countRequests: async () => client.countRequests(),
      disturb: async (disturbance) => {
        const settle = client.disturb(disturbance);
        return async () => settle();
      },
    },
    logs: () => '',
    plantedSecrets: [API_KEY, 'wrong-3b44-planted'],
    async makeQuotaTight() {
      cloud.options.quotaInstances = cloud.list().filter(({ kind }) => kind === 'instance').length;
      cloud.options.quotaVolumes = cloud.list().filter(({ kind }) => kind === 'volume').length;
      return runtime;
    },
    async fillAllPlacements() {
      cloud.options.soldOut = true;
      return runtime;
    },
    async dispose() {},
  };
}

/** What a test takes away from the careful provider. */
export interface MemoryBug {
  readonly handler?: (careful: ProviderHandler, cloud: MemoryApi) => Partial<ProviderHandler>;
  readonly environment?: (careful: VmEnvironment) => Partial<VmEnvironment>;
  readonly provider?: (careful: Provider) => Provider;
  /** The cloud's client never learns that a call was cancelled. */
  readonly signalIgnored?: boolean;
  /** How long an instance takes to start or stop, in milliseconds. */
  readonly changeMs?: number;
  /** For how long the cloud does not show an instance that it has made; the provider does not expect it. */
  readonly hiddenMs?: number;
  /** A token may be used again when what it made is gone. */
  readonly tokensFree?: boolean;
}

/** Gives the cloud's client each call, as a client of HTTP is given its signal. */
function carryCalls(provider: Provider, runCall: MemoryClient['runCall']): Provider {
  const carry =
    <Given, Made extends Call, Answer>(call: (given: Given, made: Made) => Promise<Answer>) =>
    (given: Given, made: Made): Promise<Answer> =>
      runCall(made, () => call(given, made));
  return {
    ...provider,
    handleSubtask: carry(provider.handleSubtask),
    waitSubtask: carry(provider.waitSubtask),
    describeSubnets: carry(provider.describeSubnets),
    describeVpc: carry(provider.describeVpc),
    checkResource: carry(provider.checkResource),
    validateCredential: carry(provider.validateCredential),
    describeRuntimeProviderZones: carry(provider.describeRuntimeProviderZones),
    updateClusterStatus: carry(provider.updateClusterStatus),
    describeClusterDetails: carry(provider.describeClusterDetails),
  };
}

/** What the memory cloud answers about itself: one VPC, two zones. */
export function createMemoryEnvironment(cloud: MemoryApi, quotaInstances: () => number): VmEnvironment {
  const VPC = {
    vpcId: 'vpc-1',
    name: 'only',
    cidr: '10.0.0.0/16',
    status: 'active',
    subnetIds: ['subnet-1'],
  };
  const enter = async (apiKey: string | undefined, call: Parameters<typeof refuseWhenCancelled>[0]) => {
    refuseWhenCancelled(call);
    return cloud.describeInstances(apiKey ?? '');
  };
  return {
    async describeSubnets({ runtime, credential }, call) {
      const { length } = await enter(credential['apiKey'], call);
      const subnet = { subnetId: 'subnet-1', name: 'only', vpcId: 'vpc-1', cidr: '10.0.0.0/24' };
      return [{ ...subnet, zone: runtime.zone, freeAddresses: 250 - length }];
    },
    async describeVpc({ credential, vpcId }, call) {
      await enter(credential['apiKey'], call);
      if (vpcId === VPC.vpcId) return VPC;
      throw new WindlassError('not-found', `there is no VPC ${vpcId}`, { code: 'VPC_NOT_FOUND' });
    },
    async checkResource({ credential, cluster, reserved }, call) {
      const instances = (await enter(credential['apiKey'], call)).length;
      if (instances + reserved.instances + cluster.nodes.length <= quotaInstances()) return;
      throw new WindlassError('quota', 'too many instances', { code: 'QUOTA_EXCEEDED' });
    },
    async validateCredential({ credential, zone }, call) {
      await enter(credential['apiKey'], call);
      if (zone === 'zone-1') return { account: 'memory', region: 'memory' };
      throw new WindlassError('invalid-input', `there is no zone ${zone}`, {
        code: 'ZONE_UNKNOWN',
        field: 'zone',
      });
    },
    async describeRuntimeProviderZones({ credential }, call) {
      await enter(credential['apiKey'], call);
      return ['zone-1', 'zone-2'];
    },
    async updateClusterStatus({ credential, cluster, resources }, call) {
      const instances = await enter(credential['apiKey'], call);
      return {
        nodes: cluster.nodes.map(({ nodeId }) => {
          const row = resources.find(
            (resource) => resource.nodeId === nodeId && resource.kind === 'instance',
          );
          const instance = instances.find(({ token }) => token === row?.token);
          if (row === undefined) return { nodeId, status: 'pending' };
          if (instance === undefined) return { nodeId, status: 'lost' };
          return { nodeId, status: instance.state === 'stopped' ? 'stopped' : 'active' };
        }),
      };
    },
    async describeClusterDetails({ credential, cluster, resources }, call) {
      const instances = await enter(credential['apiKey'], call);
      const nodes = cluster.nodes.map(({ nodeId }) => {
        const row = resources.find((resource) => resource.nodeId === nodeId && resource.kind === 'instance');
        const instance = instances.find(({ token }) => token === row?.token);
        if (instance === undefined) return { nodeId, state: 'none', facts: {} };
        const { id, address, state } = instance;
        return { nodeId, state, facts: { instance: id, address } };
      });
      return { nodes, facts: {} };
    },
  };
}

const refuse = (): never => {
  throw new WindlassError('unavailable', 'the memory cloud has no nodes to reach', { code: 'NO_NODES' });
};

const unreachableNodes: NodeShell = {
  ping: async () => refuse(),
  run: async () => refuse(),
  start: async () => refuse(),
  inspect: async () => refuse(),
  writeFiles: async () => refuse(),
  close: async () => {},
};
