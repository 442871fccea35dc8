export { toConfigError } from './config-error.ts';
export { CONFIG_TABLE, type ConfigVariable } from './config-table.ts';
export { type Environment, findCacheFolder, findHomeFolder } from './folders.ts';
export { type Config, loadConfig, type LogLevel, type SlotCounts } from './load-config.ts';
export { writeChosenProfile } from './chosen-context.ts';
export { findStackFile, findWorkerLog, type OwnStack, readOwnStack } from './own-stack.ts';
export { claimPrivateFolder, type FolderVariable } from './private-folder.ts';
export { isRunning, type ProcessIdentity, readStartTime } from './process-identity.ts';
export {
  type ClientConnection,
  listTemporalProfiles,
  loadClientConnection,
  loadTemporalConnection,
  type TemporalConnection,
  type TemporalProfile,
} from './temporal-connection.ts';
export { requireTls } from './require-tls.ts';
