export type { Fault, FaultKind } from './faults.ts';
export type { QingCloudSettings } from './settings.ts';
export type { CloudState, InstanceState, JobState, VolumeState } from './state.ts';
export { startQingCloud, type QingCloud, type StartOptions } from './start-qingcloud.ts';
