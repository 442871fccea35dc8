export { connectClient, type ConnectOptions } from './connect-client.ts';
export type { JobEvent } from './job-events.ts';
export { isErrorInfo, type ServerPlace } from './to-windlass-error.ts';
export type {
  AddNodesRequest,
  AppDescription,
  AppsClient,
  CancelledJob,
  ChartPlace,
  ClustersClient,
  ConfChange,
  CreateClusterRequest,
  DeleteNodesRequest,
  JobHistory,
  JobRequestOptions,
  JobsClient,
  ListOptions,
  PackageCheck,
  RuntimeChange,
  RuntimeRequest,
  RuntimesClient,
  RuntimeTarget,
  StartedJob,
  UpgradeRequest,
  WaitOptions,
  WatchOptions,
  WindlassClient,
} from './windlass-client.ts';
