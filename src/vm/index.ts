export { createVmProvider, type VmEnvironment, type VmProviderOptions } from './create-vm-provider.ts';
export { FRONTGATE_PACKAGE } from './frontgate-package.ts';
export {
  buildMetadataTree,
  shareMetadata,
  type MetadataOptions,
  type MetadataSources,
  type NodeMetadata,
  type SharedMetadata,
} from './metadata/index.ts';
export { METADATA_FILE } from './node-paths.ts';
export { toNodeTarget } from './node-target.ts';
export { planVmJob } from './plan-vm-job.ts';
export { vmCapabilities } from './vm-actions.ts';
