import {
  resourceToken,
  type LedgerResource,
  type NodeVolume,
  type VolumeSpec,
} from '../../../src/domain/index.ts';
import type { Changes, NodeTaskContext } from '../../../src/provider/index.ts';
import type { LocalCloudKit } from './cloud-kit.ts';

export interface ContextOptions {
  readonly volumes?: number;
  readonly sizeGiB?: number;
  readonly cpu?: number;
  readonly settings?: Readonly<Record<string, string>>;
}

/** A node task's context whose changes can be merged, as the engine would store them. */
export interface TestContext {
  /** A task of whichever action: its directive has what any of them needs. */
  readonly value: NodeTaskContext<never>;
  merge(changes: Changes): void;
}

const NEVER = (): never => {
  throw new Error('the local handler needs nothing but the node');
};

export function createNodeContext(kit: LocalCloudKit, options: ContextOptions = {}): TestContext {
  const clusterId = 'cl-1';
  const nodeId = 'cln-1';
  const volumes: readonly VolumeSpec[] = Array.from({ length: options.volumes ?? 0 }, (_, index) => ({
    index,
    sizeGiB: options.sizeGiB ?? 1,
    volumeClass: 0,
    mountPoint: `/data${index}`,
    mountOptions: '',
    filesystem: 'ext4',
  }));
  const container = { type: 'kvm', image: 'img', zone: '' };
  const size = { cpu: options.cpu ?? 1, memoryMiB: 512, gpu: 0, gpuClass: 0, instanceClass: 0 };
  const createdAt = '2026-01-01T00:00:00Z';
  const toResource = (kind: string): LedgerResource => ({
    token: resourceToken(clusterId, nodeId, kind, 1),
    clusterId,
    nodeId,
    kind,
    generation: 1,
    spec: {},
    madeByJob: 't',
    cloudId: '',
    state: 'intended',
    attributes: {},
  });
  const kinds = ['instance', ...volumes.map(({ index }) => `volume-${index}`)];
  // A name of its own, because no task has all of it.
  const directive = { ...size, container, subnetId: '', hostname: 'node-1', volumes };
  const value: NodeTaskContext<'RunInstances'> = {
    task: {
      taskId: 't.0.0',
      jobId: 't',
      clusterId,
      layerIndex: 0,
      index: 0,
      lane: null,
      status: 'working',
      round: 0,
      failures: 0,
      observation: null,
      error: null,
      startedAt: null,
      endedAt: null,
      action: 'RunInstances',
      nodeId,
      label: 'node 1',
      directive,
      resources: [],
      failureAllowed: false,
      timeoutSeconds: 60,
    },
    job: {
      jobId: 't',
      clusterId,
      runtimeId: 'rt-1',
      action: 'create',
      status: 'working',
      options: {},
      requestedBy: 'test',
      startedAt: createdAt,
      closedAt: null,
      error: null,
      held: null,
    },
    runtime: {
      runtimeId: 'rt-1',
      name: 'here',
      provider: 'local',
      url: '',
      zone: 'local-1',
      settings: options.settings ?? {},
      account: 'a',
      region: 'local',
      createdAt,
    },
    credential: {},
    cluster: {
      clusterId,
      name: 'c',
      description: '',
      runtimeId: 'rt-1',
      versionId: 'appv-1',
      appName: 'app',
      subnetId: '',
      vpcId: '',
      status: 'pending',
      transitionStatus: 'creating',
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
      createdAt,
    },
    node: {
      nodeId,
      clusterId,
      role: '',
      serverId: 1,
      groupId: 1,
      globalServerId: 100_000_001,
      isReplica: false,
      status: 'pending',
      instanceId: '',
      privateIp: '',
      publicIp: '',
      ssh: { port: 22, user: '', hostKey: kit.hostKey.publicKey, root: '' },
      volumes: volumes.map(({ index, sizeGiB, mountPoint }): NodeVolume => ({
        index,
        volumeId: '',
        sizeGiB,
        device: '',
        mountPoint,
      })),
      passphraselessKey: '',
      customToken: '',
    },
    role: {
      clusterId,
      role: '',
      count: 1,
      container,
      ...size,
      volumes,
      services: [],
      env: {},
      replica: 0,
      serverIdUpperBound: null,
      passphraseless: null,
      verticalScalingPolicy: 'sequential',
      userAccess: false,
      agentInstalled: false,
      customMetadata: null,
      healthCheck: null,
      monitor: null,
      advancedActions: [],
      supportsBackup: false,
      loadBalancers: [],
      extra: {},
    },
    access: {
      authorizedKey: kit.clientKey.publicKey,
      clientPrivateKey: kit.clientKey.privateKey,
      hostPrivateKey: kit.hostKey.privateKey,
      hostPublicKey: kit.hostKey.publicKey,
    },
    resources: Object.fromEntries(kinds.map((kind) => [kind, toResource(kind)])),
    loadCluster: NEVER,
    loadPackage: NEVER,
    loadMetadata: NEVER,
    loadRelatedMetadata: NEVER,
    openSecret: NEVER,
    loadChangedHostKey: NEVER,
    loadSecretValues: NEVER,
  };
  let current = value;
  return {
    get value() {
      return current as NodeTaskContext<never>;
    },
    merge(changes) {
      const resources = Object.values(current.resources).map((resource) => {
        const change = changes.resources?.find(({ token }) => token === resource.token);
        return change === undefined ? resource : { ...resource, ...change };
      });
      current = {
        ...current,
        node: { ...current.node, ...changes.node },
        resources: Object.fromEntries(resources.map((resource) => [resource.kind, resource])),
      };
    },
  };
}
