import {
  CALLS_PER_SECOND,
  WindlassError,
  type NodeAccessWay,
  type ProviderSettings,
} from '../../domain/index.ts';
import { createSettingsReader, readNodeAccess } from '../../provider-utils/index.ts';
import { DEFAULT_ADDRESS_RANGE, parseAddressRange } from './cloud/address-range.ts';
import type { Quotas } from './cloud/local-cloud.ts';

/** A runtime's settings from `--set key=value`, parsed and checked. */
export interface LocalSettings {
  /** The folder of the local cloud; undefined for the worker's own. */
  readonly folder: string | undefined;
  readonly zones: readonly string[];
  readonly addressRange: string;
  readonly bootDelayMs: number;
  /**
   * `frontgate`: nodes accept connections only from addresses of this local cloud, and so are reached
   * through a frontgate.
   */
  readonly nodeAccess: NodeAccessWay;
  readonly quotas: Quotas;
}

/** The settings that exist; a runtime of this machine has no credential that could be sent. */
export const LOCAL_SETTINGS: ProviderSettings = {
  bound: [],
  free: [
    'folder',
    'zones',
    'addressRange',
    'bootDelayMs',
    'frontgate',
    'quotaInstances',
    'quotaCpu',
    'quotaMemoryMiB',
    'quotaVolumes',
    'quotaVolumeGiB',
    CALLS_PER_SECOND,
  ],
};

const DEFAULT_ZONE = 'local-1';

/** No setting of this provider counts anything larger. */
const MOST = 999_999_999_999;

/** @throws invalid-input `RUNTIME_SETTINGS`, with every setting that is wrong in `details`. */
export function readLocalSettings(settings: Readonly<Record<string, string>>): LocalSettings {
  const reader = createSettingsReader(settings, {
    provider: 'local',
    known: LOCAL_SETTINGS,
    page: 'docs/local.md',
  });
  const zones = reader.list(
    'zones',
    /^[a-z0-9][a-z0-9-]{0,39}$/,
    'names of lower case letters, digits and -',
  );
  const addressRange = reader.text('addressRange', /./, 'an address range') ?? DEFAULT_ADDRESS_RANGE;
  try {
    parseAddressRange(addressRange);
  } catch (error) {
    if (!WindlassError.isInstance(error)) throw error;
    reader.refuse('addressRange', error.message);
  }
  const count = (name: string): number | undefined => reader.number(name, 0, MOST);
  const read: LocalSettings = {
    folder: reader.text('folder', /./, 'a folder'),
    zones: zones.length === 0 ? [DEFAULT_ZONE] : [...new Set(zones)].sort(),
    addressRange,
    bootDelayMs: count('bootDelayMs') ?? 0,
    nodeAccess: readNodeAccess(reader),
    quotas: dropUndefined({
      instances: count('quotaInstances'),
      cpu: count('quotaCpu'),
      memoryMiB: count('quotaMemoryMiB'),
      volumes: count('quotaVolumes'),
      volumeGiB: count('quotaVolumeGiB'),
    }),
  };
  reader.throwFaults();
  return read;
}

/** @throws invalid-input `ZONE_UNKNOWN`, field `zone`. */
export function assertZone(settings: LocalSettings, zone: string): void {
  if (settings.zones.includes(zone)) return;
  throw new WindlassError('invalid-input', `there is no zone ${JSON.stringify(zone)}`, {
    code: 'ZONE_UNKNOWN',
    field: 'zone',
    hint: `choose one of: ${settings.zones.join(', ')}; others can be named with --set zones=…`,
  });
}

function dropUndefined(quotas: { readonly [Name in keyof Quotas]: number | undefined }): Quotas {
  return Object.fromEntries(Object.entries(quotas).filter(([, limit]) => limit !== undefined));
}
