export {
  createQingCloudClient,
  type ClientOptions,
  type QingCloudClient,
  type SendOptions,
} from './create-client.ts';
export { listAll, toChunks, type ListAction, type SendPage } from './list-all.ts';
export type { Action, Operations, RunInstancesParameters } from './operations.ts';
export { QingCloudError, type FailureKind } from './qingcloud-error.ts';
export {
  isSettled,
  readJobProgress,
  type JobProgress,
  type QingInstance,
  type QingJob,
  type QingRouter,
  type QingVolume,
  type QingVxnet,
} from './resources.ts';
