export {
  createLocalHandler,
  createLocalProvider,
  LOCAL_FEATURES,
  type LocalProviderOptions,
} from './create-local-provider.ts';
export type {
  Instance,
  InstanceSize,
  InstanceSpec,
  InstanceState,
  LocalCloud,
  Quotas,
  UserData,
  Volume,
  VolumeSpec,
} from './cloud/local-cloud.ts';
export type { ContainmentKind } from './cloud/containment.ts';
export type { MarkedProcess } from './cloud/marked-processes.ts';
export { openLocalCloud, toInstanceId, toVolumeId } from './cloud/open-local-cloud.ts';
