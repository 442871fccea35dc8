import type {
  AppVersion,
  Cluster,
  ClusterLink,
  ClusterNode,
  Job,
  JobCommand,
  LedgerResource,
  Runtime,
  StoredTask,
} from '../domain/index.ts';
import { createRowMapping } from './row-mapping.ts';

export const runtimeRows = createRowMapping<Runtime>({
  runtimeId: 'text',
  name: 'text',
  provider: 'text',
  url: 'text',
  zone: 'text',
  settings: 'json',
  account: 'text',
  region: 'text',
  createdAt: 'time',
});

export const appVersionRows = createRowMapping<AppVersion>({
  versionId: 'text',
  appName: 'text',
  version: 'text',
  digest: 'text',
  sizeBytes: 'integer',
  createdAt: 'time',
});

export const clusterRows = createRowMapping<Cluster>({
  clusterId: 'text',
  purpose: 'text',
  name: 'text',
  description: 'text',
  runtimeId: 'text',
  versionId: 'text',
  appName: 'text',
  subnetId: 'text',
  vpcId: 'text',
  status: 'text',
  transitionStatus: 'text',
  env: 'json',
  endpoints: 'json',
  metadataRootAccess: 'boolean',
  advancedActions: 'json',
  upgradePolicy: 'json',
  healthCheck: 'json',
  monitor: 'json',
  displayTabs: 'json',
  reservedIps: 'json',
  backupPolicy: 'text',
  incrementalBackupSupported: 'boolean',
  upgradingPolicy: 'text',
  multiZonePolicy: 'text',
  advancedServices: 'json',
  addLinks: 'json',
  extra: 'json',
  conf: 'json',
  previous: 'json',
  adjustments: 'json',
  wasActive: 'boolean',
  createdAt: 'time',
});

export const clusterNodeRows = createRowMapping<ClusterNode>({
  nodeId: 'text',
  clusterId: 'text',
  role: 'text',
  serverId: 'integer',
  groupId: 'integer',
  globalServerId: 'integer',
  isReplica: 'boolean',
  status: 'text',
  instanceId: 'text',
  privateIp: 'text',
  publicIp: 'text',
  ssh: 'json',
  volumes: 'json',
  passphraselessKey: 'text',
  customToken: 'text',
});

export const clusterLinkRows = createRowMapping<ClusterLink>({
  clusterId: 'text',
  name: 'text',
  targetClusterId: 'text',
});

export const jobRows = createRowMapping<Job>({
  jobId: 'text',
  clusterId: 'text',
  runtimeId: 'text',
  action: 'text',
  status: 'text',
  options: 'json',
  requestedBy: 'text',
  startedAt: 'time',
  closedAt: 'time',
  error: 'json',
  held: 'json',
});

export const jobCommandRows = createRowMapping<JobCommand>({
  jobId: 'text',
  commandId: 'text',
  command: 'text',
  taskId: 'text',
  by: 'text',
  why: 'text',
  at: 'time',
});

export const taskRows = createRowMapping<StoredTask>({
  taskId: 'text',
  jobId: 'text',
  clusterId: 'text',
  layerIndex: 'integer',
  index: 'integer',
  lane: 'integer',
  action: 'text',
  nodeId: 'text',
  label: 'text',
  directive: 'json',
  resources: 'json',
  failureAllowed: 'boolean',
  timeoutSeconds: 'integer',
  status: 'text',
  round: 'integer',
  failures: 'integer',
  observation: 'text',
  error: 'json',
  startedAt: 'time',
  endedAt: 'time',
});

export const resourceRows = createRowMapping<LedgerResource>({
  token: 'text',
  clusterId: 'text',
  nodeId: 'text',
  kind: 'text',
  generation: 'integer',
  spec: 'json',
  madeByJob: 'text',
  cloudId: 'text',
  state: 'text',
  attributes: 'json',
});
