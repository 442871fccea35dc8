/** How the cloud behaves; all of it may be changed while it runs. Times are in milliseconds. */
export interface QingCloudSettings {
  /** Keys that may sign, with their secrets. */
  readonly keys: Readonly<Record<string, string>>;
  /** The token that belongs to a temporary key. */
  readonly tokens: Readonly<Record<string, string>>;
  readonly zones: Readonly<Record<string, 'active' | 'faulty' | 'defunct'>>;
  readonly images: readonly string[];
  /** A job is pending for this time, then working. */
  readonly pendingMs: number;
  /** How long a job works. */
  readonly workingMs: number;
  /** The same for some actions. */
  readonly workingMsOf: Readonly<Record<string, number>>;
  /** A new resource has no lease for this time: it cannot be ended or detached. */
  readonly leaseMs: number;
  /** What is terminated or deleted can be recovered for this time; two hours by default. */
  readonly recycleMs: number;
  /** The added delay of each answer. */
  readonly latencyMs: number;
  /** The whole quota by its name; others have no limit. */
  readonly quotas: Readonly<Record<string, number>>;
  /** How many more instances there is room for; null for no limit. */
  readonly roomForInstances: number | null;
  /** Calls in any 3,600 s; 2,000 by default, as for a new account. */
  readonly callsPerHour: number;
  /** Whether the account has money. */
  readonly hasBalance: boolean;
}

export const DEFAULT_SETTINGS: QingCloudSettings = {
  keys: { QYACCESSKEYIDEXAMPLE: 'SECRETACCESSKEY' },
  tokens: {},
  zones: { pek3a: 'active', pek3b: 'active', sh1a: 'faulty' },
  images: ['centos7x64d', 'img-abcd1234'],
  pendingMs: 0,
  workingMs: 0,
  workingMsOf: {},
  leaseMs: 0,
  recycleMs: 2 * 3_600_000,
  latencyMs: 0,
  quotas: {},
  roomForInstances: null,
  callsPerHour: 2_000,
  hasBalance: true,
};

/** The owner of all keys. */
export const OWNER = 'usr-emulated';
