export { connectClient, type ConnectOptions } from './connect-client.ts';
export type { JobEvent } from './job-events.ts';
export type {
  AppDescription,
  AppsClient,
  ClustersClient,
  CreateClusterRequest,
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
  WaitOptions,
  WatchOptions,
  WindlassClient,
} from './windlass-client.ts';
