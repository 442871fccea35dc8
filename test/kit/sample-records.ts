import type {
  AppVersion,
  ClusterNode,
  ClusterRole,
  ClusterWrapper,
  Job,
  JobPlan,
  PlannedTask,
  Runtime,
} from '../../src/domain/index.ts';
import { createLayer } from '../../src/plan/index.ts';

/** Complete records for tests of the stores; each takes the fields that the test is about. */

export const NOW = '2026-01-02T03:04:05.678Z';

export function aRuntime(id: string, change: Partial<Runtime> = {}): Runtime {
  return {
    runtimeId: `rt-${id}`,
    name: `runtime ${id}`,
    provider: 'memory',
    url: '',
    zone: 'zone-1',
    settings: { depth: '3', Zone: 'näh' },
    account: `account-${id}`,
    region: 'region-1',
    createdAt: NOW,
    ...change,
  };
}

export function anAppVersion(id: string, change: Partial<AppVersion> = {}): AppVersion {
  return {
    versionId: `appv-${id}`,
    appName: `app ${id}`,
    version: '1.0.0',
    digest: `digest-${id}`,
    sizeBytes: 6,
    createdAt: NOW,
    ...change,
  };
}

export function aRole(clusterId: string, role: string, change: Partial<ClusterRole> = {}): ClusterRole {
  return {
    clusterId,
    role,
    count: 1,
    container: { type: 'kvm', image: 'img-1', zone: 'zone-1' },
    cpu: 2,
    memoryMiB: 2048,
    gpu: 0,
    gpuClass: 0,
    instanceClass: 0,
    volumes: [
      { index: 0, sizeGiB: 10, volumeClass: 0, mountPoint: '/data', mountOptions: '', filesystem: 'ext4' },
      { index: 1, sizeGiB: 30, volumeClass: 0, mountPoint: '/log', mountOptions: '', filesystem: 'ext4' },
    ],
    services: [],
    env: { port: 2379, password: { $secret: 'conf/password' } },
    replica: 0,
    serverIdUpperBound: null,
    passphraseless: null,
    verticalScalingPolicy: 'sequential',
    userAccess: false,
    agentInstalled: true,
    customMetadata: null,
    healthCheck: { interval: 5 },
    monitor: null,
    advancedActions: [],
    supportsBackup: false,
    loadBalancers: ['lb-1', { listener: 'lbl-1', port: 80 }],
    extra: { container: { prefer_type: 'lxc' } },
    ...change,
  };
}

export function aNode(clusterId: string, number: number, change: Partial<ClusterNode> = {}): ClusterNode {
  return {
    nodeId: `${clusterId}-n${number}`,
    clusterId,
    role: 'main',
    serverId: number,
    groupId: number,
    globalServerId: 100_000_000 + number,
    isReplica: false,
    status: 'pending',
    instanceId: '',
    privateIp: '',
    publicIp: '',
    ssh: { port: 22, user: 'root', hostKey: 'ssh-ed25519 AAAA', root: '' },
    volumes: [{ index: 0, volumeId: '', sizeGiB: 10, device: '', mountPoint: '/data' }],
    passphraselessKey: '',
    customToken: '',
    ...change,
  };
}

export function aCluster(
  clusterId: string,
  runtimeId: string,
  size = 3,
  change: Partial<ClusterWrapper['cluster']> = {},
): ClusterWrapper {
  return {
    cluster: {
      clusterId,
      purpose: 'app',
      name: `name of ${clusterId}`,
      description: 'a cluster “with” words',
      runtimeId,
      versionId: 'appv-1',
      appName: 'app',
      subnetId: 'subnet-1',
      vpcId: 'vpc-1',
      status: 'pending',
      transitionStatus: null,
      env: { 'dotted.key': 1, secret: { $secret: 'conf/secret' }, none: null },
      endpoints: [{ name: 'client', port: 2379, protocol: 'TCP' }],
      metadataRootAccess: false,
      advancedActions: ['scale_horizontal'],
      upgradePolicy: [],
      healthCheck: null,
      monitor: { enable: true },
      displayTabs: null,
      reservedIps: {},
      backupPolicy: 'device',
      incrementalBackupSupported: true,
      upgradingPolicy: 'sequential',
      multiZonePolicy: 'round_robin',
      advancedServices: [{ name: 'update_nodes_names', command: 'ctl names', timeoutSeconds: 5 }],
      addLinks: ['zk_service'],
      extra: { event: { cmd: 'ctl event' } },
      conf: {},
      previous: null,
      adjustments: [],
      wasActive: false,
      createdAt: NOW,
      ...change,
    },
    roles: [aRole(clusterId, 'main')],
    nodes: Array.from({ length: size }, (_, index) => aNode(clusterId, index + 1)),
    links: [{ clusterId, name: 'upstream', targetClusterId: 'cl-other' }],
  };
}

export function aJob(clusterId: string, id: string, change: Partial<Job> = {}): Job {
  return {
    jobId: `job-${id}`,
    clusterId,
    runtimeId: 'rt-any',
    action: 'create',
    status: 'working',
    options: {},
    requestedBy: 'tester',
    startedAt: NOW,
    closedAt: null,
    error: null,
    held: null,
    ...change,
  };
}

export function aTask(
  nodeId: string | null,
  change: Partial<PlannedTask<'RunInstances'>> = {},
): PlannedTask<'RunInstances'> {
  return {
    action: 'RunInstances',
    nodeId,
    label: `main ${nodeId ?? 'cluster'}`,
    directive: {
      cpu: 2,
      memoryMiB: 2048,
      gpu: 0,
      gpuClass: 0,
      instanceClass: 0,
      container: { type: 'kvm', image: 'img-1', zone: '' },
      subnetId: '',
      hostname: nodeId ?? '',
    },
    resources: [{ kind: 'instance', intent: 'make', spec: { cpu: 2 } }],
    failureAllowed: false,
    timeoutSeconds: 600,
    ...change,
  };
}

/** One layer for each name, one task for each node of the cluster in each. */
export function aPlan(
  wrapper: ClusterWrapper,
  layers: readonly string[] = ['RunInstances', 'PrepareNode'],
): JobPlan {
  return layers.map((title) =>
    createLayer(
      title,
      wrapper.nodes.map((node) => aTask(node.nodeId)),
    ),
  );
}
