import { WindlassError, type ClusterWrapper } from '../../src/domain/index.ts';
import type { ParseClusterConfRequest } from '../../src/provider/index.ts';

/** A cluster of `conf.nodes` nodes of one role, each with a volume and the four common services. */
export function buildInstantCluster({
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
      wasActive: false,
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
        supportsBackup: false,
        loadBalancers: [],
        extra: {},
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
