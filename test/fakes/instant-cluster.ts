import { WindlassError, type ParsedCluster } from '../../src/domain/index.ts';
import type { ParseClusterConfRequest } from '../../src/provider/index.ts';

/** What a cluster of `conf.nodes` nodes shall be of one role, each with a volume and the four common services. */
export function parseInstantConf({ conf, clusterId }: ParseClusterConfRequest): ParsedCluster {
  const count = conf['nodes'];
  if (typeof count !== 'number' || !Number.isInteger(count) || count < 1) {
    throw new WindlassError('invalid-input', 'nodes must be a whole number from 1', {
      code: 'CONF_INVALID',
      field: 'nodes',
    });
  }
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
    place: { name: clusterId, subnetId: 'subnet-1', reservedIps: {} },
    cluster: {
      description: '',
      env: {},
      endpoints: [],
      metadataRootAccess: false,
      advancedActions: [],
      upgradePolicy: [],
      healthCheck: null,
      monitor: null,
      displayTabs: null,
      backupPolicy: null,
      incrementalBackupSupported: false,
      upgradingPolicy: null,
      multiZonePolicy: null,
      advancedServices: [],
      addLinks: [],
      extra: {},
    },
    roles: [
      {
        role: 'node',
        count,
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
    links: {},
  };
}
