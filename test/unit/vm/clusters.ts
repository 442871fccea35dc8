import type {
  Cluster,
  ClusterNode,
  ClusterRole,
  ClusterStatus,
  ClusterWrapper,
  NodeStatus,
  Runtime,
  ServiceSpec,
  VolumeSpec,
} from '../../../src/domain/index.ts';
import type { Capabilities, Features } from '../../../src/provider/index.ts';
import { vmCapabilities } from '../../../src/vm/index.ts';

// Clusters as the store gives them to a plan; each test says only what it is about.

export const RUNTIME: Runtime = {
  runtimeId: 'rt-1',
  name: 'here',
  provider: 'local',
  url: '',
  zone: 'z1',
  settings: {},
  account: 'a',
  region: 'r',
  createdAt: '2026-01-01T00:00:00Z',
};

export function features(change: Partial<Features> = {}): Features {
  return { nodeAccess: 'direct', volumes: true, ...change };
}

export function capabilities(change: Partial<Capabilities> = {}): Capabilities {
  return { ...vmCapabilities(features(change)), ...change };
}

export function service(name: string, change: Partial<ServiceSpec> = {}): ServiceSpec {
  return {
    name,
    custom: false,
    command: `/opt/app/${name}.sh`,
    order: 0,
    nodesToExecuteOn: null,
    timeoutSeconds: 600,
    postStartService: false,
    postStopService: false,
    allowForce: true,
    preCheck: null,
    selector: null,
    idempotent: false,
    serviceParams: {},
    ...change,
  };
}

export function volume(index: number, mountPoint: string): VolumeSpec {
  return {
    index,
    sizeGiB: 10,
    volumeClass: 0,
    mountPoint,
    mountOptions: 'defaults,noatime',
    filesystem: 'ext4',
  };
}

export function role(name: string, change: Partial<ClusterRole> = {}): ClusterRole {
  return {
    clusterId: 'cl-1',
    count: 1,
    role: name,
    container: { type: 'kvm', image: 'img-1', zone: 'z1' },
    cpu: 1,
    memoryMiB: 1024,
    gpu: 0,
    gpuClass: 0,
    instanceClass: 0,
    volumes: [],
    services: [],
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
    supportsBackup: false,
    loadBalancers: [],
    extra: {},
    ...change,
  };
}

export function node(roleName: string, serverId: number, change: Partial<ClusterNode> = {}): ClusterNode {
  return {
    nodeId: `cln-${roleName === '' ? 'node' : roleName}-${serverId}`,
    clusterId: 'cl-1',
    role: roleName,
    serverId,
    groupId: serverId,
    globalServerId: 100_000_000 + serverId,
    isReplica: false,
    status: 'active',
    instanceId: '',
    privateIp: '',
    publicIp: '',
    ssh: { port: 22, user: 'root', hostKey: '', root: '' },
    volumes: [],
    passphraselessKey: '',
    customToken: '',
    ...change,
  };
}

export function cluster(
  status: ClusterStatus,
  parts: Pick<ClusterWrapper, 'roles' | 'nodes'>,
  change: Partial<Cluster> = {},
): ClusterWrapper {
  return {
    cluster: {
      clusterId: 'cl-1',
      name: 'first',
      description: '',
      runtimeId: 'rt-1',
      versionId: 'appv-1',
      appName: 'app',
      subnetId: 'subnet-1',
      vpcId: 'vpc-1',
      status,
      transitionStatus: null,
      env: {},
      endpoints: [],
      purpose: 'app',
      metadataRootAccess: false,
      advancedActions: [],
      upgradePolicy: [],
      healthCheck: null,
      monitor: null,
      displayTabs: null,
      reservedIps: {},
      backupPolicy: null,
      incrementalBackupSupported: false,
      upgradingPolicy: null,
      multiZonePolicy: null,
      advancedServices: [],
      addLinks: [],
      extra: {},
      conf: {},
      previous: null,
      adjustments: [],
      wasActive: false,
      createdAt: '2026-01-01T00:00:00Z',
      ...change,
    },
    roles: parts.roles,
    nodes: parts.nodes,
    links: [],
  };
}

/** One unnamed role, three equal nodes with a volume each. */
export function equalNodes(status: ClusterStatus, nodeStatus: NodeStatus): ClusterWrapper {
  const services = [
    service('init'),
    service('start', { timeoutSeconds: 86_400 }),
    service('stop'),
    service('destroy'),
  ];
  return cluster(status, {
    roles: [role('', { volumes: [volume(0, '/data')], services })],
    nodes: [1, 2, 3].map((serverId) => node('', serverId, { status: nodeStatus })),
  });
}

/**
 * Everything at once: masters with replicas, a role that starts later, one that wants plain
 * machines, one without nodes, limits on how many nodes run a service, services after others.
 */
export function manyRoles(status: ClusterStatus, nodeStatus: NodeStatus): ClusterWrapper {
  return cluster(status, {
    roles: [
      role('master', {
        replica: 1,
        passphraseless: 'ssh-rsa',
        volumes: [volume(1, '/data/log'), volume(0, '/data')],
        customMetadata: { command: '/opt/app/token.sh', timeoutSeconds: 60 },
        services: [
          service('init', { nodesToExecuteOn: 1, postStartService: true }),
          service('start'),
          service('stop', { order: 2 }),
          service('destroy', { nodesToExecuteOn: 1, postStopService: true, allowForce: false }),
        ],
      }),
      role('client', {
        services: [
          service('init'),
          service('start', { order: 1, idempotent: true }),
          service('stop', { order: -1 }),
          service('destroy', { order: 3 }),
        ],
      }),
      role('plain', { agentInstalled: false, volumes: [volume(0, '/data')], services: [service('start')] }),
      role('absent', { volumes: [volume(0, '/data')], services: [service('start')] }),
    ],
    nodes: [
      node('master', 2, { status: nodeStatus, groupId: 2 }),
      node('master-replica', 3, { status: nodeStatus, groupId: 1, isReplica: true }),
      node('client', 10, { status: nodeStatus }),
      node('client', 9, { status: nodeStatus }),
      node('master-replica', 4, { status: nodeStatus, groupId: 2, isReplica: true }),
      node('plain', 1, { status: nodeStatus }),
      node('master', 1, { status: nodeStatus, groupId: 1 }),
    ],
  });
}
