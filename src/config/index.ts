export { CONFIG_TABLE, type ConfigVariable } from './config-table.ts';
export { type Environment, findCacheFolder, findHomeFolder } from './folders.ts';
export { type Config, loadConfig, type LogLevel, type SlotCounts } from './load-config.ts';
export { loadTemporalConnection, type TemporalConnection } from './temporal-connection.ts';
