export { makeCloudConfig, type CloudConfigOptions } from './cloud-init.ts';
export { readCloudConfig, type CloudConfig, type CloudConfigUser } from './read-cloud-config.ts';
export { listTaskVolumes } from './task-volumes.ts';
export { createSharedRead, type SharedRead, type SharedReadOptions } from './shared-read.ts';
