export { makeCloudConfig, type CloudConfigOptions } from './cloud-init.ts';
export { endWithinMoment, mergeChanges } from './end-within-moment.ts';
export { findTextRule, toErrorByRules, type ErrorRule, type TextRule } from './error-rules.ts';
export {
  findInstanceRow,
  findVolumeRow,
  instanceRow,
  mayBeMade,
  requireRow,
  volumeRow,
} from './ledger-rows.ts';
export { findNodeRow, statusWithoutInstance } from './node-status.ts';
export { instanceGone, mergeNodeVolumes, volumeGone } from './node-volumes.ts';
export { isMissingForLong, persistsFor, type Persistence } from './persistent-observation.ts';
export { readCloudConfig, type CloudConfig, type CloudConfigUser } from './read-cloud-config.ts';
export { findShortage, type Room } from './room.ts';
export {
  createSettingsReader,
  nodeAccessOf,
  readNodeAccess,
  type SettingsReader,
  type SettingsReaderOptions,
} from './settings-reader.ts';
export { createSharedRead, type SharedRead, type SharedReadOptions } from './shared-read.ts';
export { listTaskVolumes } from './task-volumes.ts';
export { pause, watchUntilDone, type PollPace } from './watch.ts';
