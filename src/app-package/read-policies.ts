import type { AdvancedService, Cluster } from '../domain/index.ts';
import type { ObjectReader } from './object-reader.ts';
import { isObject } from './values.ts';

const BACKUP_POLICIES: readonly string[] = ['device', 'custom'];
const UPGRADING_POLICIES: readonly string[] = ['sequential', 'parallel'];
const DEFAULT_ADVANCED_TIMEOUT_SECONDS = 5;
const MAX_ADVANCED_TIMEOUT_SECONDS = 30;

/** The package's settings for backups, upgrades, zones and links of the cluster as a whole. */
export type ClusterPolicies = Pick<
  Cluster,
  | 'backupPolicy'
  | 'incrementalBackupSupported'
  | 'upgradePolicy'
  | 'upgradingPolicy'
  | 'multiZonePolicy'
  | 'advancedServices'
  | 'addLinks'
>;

/** Errors and warnings go to the reader's report. */
export function readPolicies(reader: ObjectReader): ClusterPolicies {
  return {
    backupPolicy: readWord(reader, 'backup_policy', BACKUP_POLICIES),
    incrementalBackupSupported: reader.flag('incremental_backup_supported') ?? false,
    upgradePolicy: reader.texts('upgrade_policy') ?? [],
    upgradingPolicy: readWord(reader, 'upgrading_policy', UPGRADING_POLICIES),
    multiZonePolicy: reader.text('multi_zone_policy') ?? null,
    advancedServices: readAdvancedServices(reader),
    addLinks: reader.texts('add_links') ?? [],
  };
}

/** A word that is kept although the specification does not know it. */
function readWord(reader: ObjectReader, key: string, known: readonly string[]): string | null {
  const word = reader.text(key);
  if (word === undefined || word === '') return null;
  if (!known.includes(word)) {
    reader.warning(key, `${JSON.stringify(word)} is none of ${known.join(', ')}; kept as it is`);
  }
  return word;
}

function readAdvancedServices(cluster: ObjectReader): AdvancedService[] {
  const services = cluster.object('advanced_services');
  return Object.entries(cluster.record('advanced_services') ?? {}).flatMap(([name, value]) => {
    const reader = isObject(value) ? services?.object(name) : undefined;
    if (reader === undefined) {
      services?.error(name, 'must be an object');
      return [];
    }
    const command = reader.text('cmd') ?? '';
    const timeoutSeconds = readAdvancedTimeout(reader);
    reader.readUnknown();
    if (command !== '') return [{ name, command, timeoutSeconds }];
    reader.warning('cmd', 'is missing; the service is left out');
    return [];
  });
}

function readAdvancedTimeout(reader: ObjectReader): number {
  const timeoutSeconds = reader.integer('timeout', 1) ?? DEFAULT_ADVANCED_TIMEOUT_SECONDS;
  if (timeoutSeconds <= MAX_ADVANCED_TIMEOUT_SECONDS) return timeoutSeconds;
  reader.warning('timeout', `is over the limit; ${MAX_ADVANCED_TIMEOUT_SECONDS} seconds are used`);
  return MAX_ADVANCED_TIMEOUT_SECONDS;
}
