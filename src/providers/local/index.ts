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
  LocalWorld,
  Quotas,
  UserData,
  Volume,
  VolumeSpec,
} from './world/local-world.ts';
export type { ContainmentKind } from './world/containment.ts';
export type { MarkedProcess } from './world/marked-processes.ts';
export { openLocalWorld, toInstanceId, toVolumeId } from './world/open-local-world.ts';
