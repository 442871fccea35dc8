export { MAX_WATCH_MS, type Call, type EffectCall, type ObserveCall, type SendOptions } from './call.ts';
export {
  createCall,
  createEffectCall,
  refuseCancelled,
  type CallOptions,
  type EffectCallOptions,
} from './create-call.ts';
export type { Capabilities, Features } from './capabilities.ts';
export {
  PROVIDER_CONTRACT_VERSION,
  type AccountIdentity,
  type CheckResourceRequest,
  type ClusterChange,
  type ClusterDetails,
  type ClusterStatusReport,
  type ClusterStatusRequest,
  type ParseClusterConfRequest,
  type PlanRequest,
  type Provider,
  type RuntimeRequest,
  type ValidateCredentialRequest,
  type ProviderTasks,
} from './provider.ts';
export {
  INSTANCE_ACTIONS,
  VOLUME_ACTIONS,
  type InstanceAction,
  type InstancePairs,
  type NodeHandle,
  type NodeTaskContext,
  type NodeWait,
  type ProviderHandler,
  type VolumeAction,
  type VolumePairs,
} from './provider-handler.ts';
export { refuseWhenCancelled } from './refuse-when-cancelled.ts';
export { findTaskFacts, listOnceActions } from './provider-tasks.ts';
export { createProviderRegistry, type ProviderRegistry } from './registry.ts';
export { INSTANCE_KIND, toVolumeKind } from './resource-kinds.ts';
export type { Changes, HandleResult, NextGeneration, Observation } from './result.ts';
export type { HostKeyPair, JumpHost, NodeAccess, RelatedMetadata, TaskContext } from './task-context.ts';
