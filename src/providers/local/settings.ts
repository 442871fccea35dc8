import {
  CALLS_PER_SECOND,
  WindlassError,
  type ErrorDetail,
  type NodeAccessWay,
  type ProviderSettings,
} from '../../domain/index.ts';
import { DEFAULT_ADDRESS_RANGE, parseAddressRange } from './world/address-range.ts';
import type { Quotas } from './world/local-world.ts';

/** A runtime's settings as `--set key=value` gave them, read and checked. */
export interface LocalSettings {
  /** Where the world is; undefined for the worker's own place. */
  readonly folder: string | undefined;
  readonly zones: readonly string[];
  readonly addressRange: string;
  readonly bootDelayMs: number;
  /** `frontgate`: nodes let only the addresses of this world in, and so are reached through a frontgate. */
  readonly nodeAccess: NodeAccessWay;
  readonly quotas: Quotas;
}

const KNOWN = [
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
] as const;
type SettingName = (typeof KNOWN)[number];

/** Which settings there are; a runtime of this machine has no credential that could be sent. */
export const LOCAL_SETTINGS: ProviderSettings = { bound: [], free: [...KNOWN, CALLS_PER_SECOND] };

const DEFAULT_ZONE = 'local-1';

/** @throws invalid-input `LOCAL_SETTINGS`, with every setting that is wrong in `details`. */
export function readLocalSettings(settings: Readonly<Record<string, string>>): LocalSettings {
  const faults: ErrorDetail[] = [];
  const readNumber = (name: SettingName): number | undefined => {
    const text = settings[name];
    if (text === undefined) return undefined;
    if (/^\d{1,12}$/.test(text)) return Number(text);
    faults.push({ field: name, message: `${name} is ${JSON.stringify(text)}, not a whole number` });
    return undefined;
  };
  for (const name of Object.keys(settings)) {
    if (!LOCAL_SETTINGS.free.includes(name)) {
      faults.push({ field: name, message: `${name} is no setting of the local provider` });
    }
  }
  const zones = (settings['zones'] ?? DEFAULT_ZONE).split(',').map((zone) => zone.trim());
  if (zones.some((zone) => !/^[a-z0-9][a-z0-9-]{0,39}$/.test(zone))) {
    faults.push({
      field: 'zones',
      message: 'zones are names of lower case letters, digits and -, with commas between',
    });
  }
  const addressRange = settings['addressRange'] ?? DEFAULT_ADDRESS_RANGE;
  try {
    parseAddressRange(addressRange);
  } catch (error) {
    if (!WindlassError.isInstance(error)) throw error;
    faults.push({ field: 'addressRange', message: error.message });
  }
  const nodeAccess = readNodeAccess(settings['frontgate'], faults);
  const quotas = {
    instances: readNumber('quotaInstances'),
    cpu: readNumber('quotaCpu'),
    memoryMiB: readNumber('quotaMemoryMiB'),
    volumes: readNumber('quotaVolumes'),
    volumeGiB: readNumber('quotaVolumeGiB'),
  };
  const bootDelayMs = readNumber('bootDelayMs') ?? 0;
  const [first] = faults;
  if (first !== undefined) {
    throw new WindlassError('invalid-input', faults.map(({ message }) => message).join('; '), {
      code: 'LOCAL_SETTINGS',
      hint: `the settings are ${KNOWN.join(', ')}`,
      ...(first.field === undefined ? {} : { field: first.field }),
      details: faults,
    });
  }
  const folder = settings['folder'] === '' ? undefined : settings['folder'];
  return {
    folder,
    zones: [...new Set(zones)].sort(),
    addressRange,
    bootDelayMs,
    nodeAccess,
    quotas: dropUndefined(quotas),
  };
}

function readNodeAccess(text: string | undefined, faults: ErrorDetail[]): NodeAccessWay {
  if (text === undefined || text === 'off') return 'direct';
  if (text !== 'on')
    faults.push({ field: 'frontgate', message: `frontgate is ${JSON.stringify(text)}, not on or off` });
  return 'frontgate';
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
