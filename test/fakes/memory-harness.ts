import type { Capabilities } from '../../src/provider/index.ts';
import { WindlassError } from '../../src/domain/index.ts';
import type { ConformanceHarness } from '../../src/conformance/index.ts';
import type { NodeShell } from '../../src/nodes/index.ts';
import { createVmProvider, type VmEnvironment } from '../../src/vm/index.ts';
import { createConformancePackage } from './conformance-package.ts';
import { MemoryCloud, type MemoryApi } from './memory-cloud.ts';
import {
  createMemoryHandler,
  createMemoryLookUp,
  refuseWhenCancelled,
  type MemoryLookUp,
} from './memory-handler.ts';

export const MEMORY_CAPABILITIES: Capabilities = {
  actions: ['create', 'stop', 'start', 'delete'],
  nodeAccess: 'direct',
  volumes: true,
  gpu: false,
  reservedIps: false,
  loadbalancer: false,
  associateEip: false,
  changeSubnet: false,
  volumeSnapshots: false,
};

const API_KEY = 'key-8f1c2d77a9-planted';
const NOTHING: MemoryLookUp = { findInstance: async () => undefined, findVolume: async () => undefined };

/** A careful provider on a cloud in memory; the suite is tested on it. */
export async function createMemoryHarness(options: { adoption?: boolean } = {}): Promise<ConformanceHarness> {
  const cloud = new MemoryCloud({ apiKey: API_KEY, quotaInstances: 100, quotaVolumes: 100 });
  const lookUp = options.adoption === false ? NOTHING : createMemoryLookUp(cloud);
  const provider = createVmProvider({
    name: 'memory',
    capabilities: MEMORY_CAPABILITIES,
    handler: createMemoryHandler(cloud, lookUp),
    environment: createMemoryEnvironment(cloud, () => cloud.options.quotaInstances),
    nodes: unreachableNodes,
  });
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
    world: { list: async () => cloud.list(), destroyInstance: async (id) => cloud.destroyInstance(id) },
    logs: () => '',
    plantedSecrets: [API_KEY, 'wrong-3b44-planted'],
    async makeQuotaTight() {
      cloud.options.quotaInstances = cloud.list().filter(({ kind }) => kind === 'instance').length;
      cloud.options.quotaVolumes = cloud.list().filter(({ kind }) => kind === 'volume').length;
      return runtime;
    },
    async dispose() {},
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
    async describeClusterDetails({ credential, cluster }, call) {
      await enter(credential['apiKey'], call);
      return { nodes: cluster.nodes.map(({ nodeId }) => ({ nodeId, state: 'known', facts: {} })), facts: {} };
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
