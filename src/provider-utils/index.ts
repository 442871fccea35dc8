export { makeCloudConfig, type CloudConfigOptions } from './cloud-init.ts';
export { readCloudConfig, type CloudConfig, type CloudConfigUser } from './read-cloud-config.ts';
