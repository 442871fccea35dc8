export { createNetwork, findImage, type MotoNetwork } from './network.ts';
export type {
  InstanceEvent,
  MadeResource,
  MotoEvent,
  MotoRequest,
  MotoSettings,
  MotoResources,
  VolumeEvent,
} from './settings.ts';
export { classifyAwsRequest, isAwsRead, throttleAwsRequest } from './wire.ts';
export { ALLOW_ALL, installMoto, startMoto, type Moto } from './start-moto.ts';
