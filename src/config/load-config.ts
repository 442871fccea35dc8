import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { type ErrorDetail, readDatabaseUrl } from '../domain/index.ts';
import { CONFIG_TABLE } from './config-table.ts';
import { type Environment, findCacheFolder, findHomeFolder } from './folders.ts';
import { toConfigError } from './config-error.ts';
import { isOnThisMachine, requireTls } from './require-tls.ts';
import { loadTemporalConnection, type TemporalConnection } from './temporal-connection.ts';

/** Levels of the log, most talkative first. */
const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** How much of each kind one worker does at the same time. */
export interface SlotCounts {
  readonly workflows: number;
  readonly effects: number;
  readonly waits: number;
  readonly nodes: number;
  readonly reads: number;
}

/** All settings of the environment. */
export interface Config {
  readonly temporal: TemporalConnection;
  /** Null: none is given; `windlass dev` starts its own. Holds a password: never logged. */
  readonly databaseUrl: string | null;
  /** Whether the database of another machine may be reached without verified TLS. */
  readonly insecureDatabase: boolean;
  readonly databaseConnections: number;
  readonly homeFolder: string;
  readonly cacheFolder: string;
  readonly keyringFile: string;
  /** Null: helm is searched on the PATH, and installed if it is not there. */
  readonly helmFile: string | null;
  /** Whether a runtime may use the worker's own AWS identity. */
  readonly awsOwnIdentity: boolean;
  /** Profiles of the worker that a runtime may use. */
  readonly awsProfiles: readonly string[];
  /** Token files of the worker that a runtime may use. */
  readonly awsTokenFiles: readonly string[];
  /** Hosts, with or without port, that runtimes may name with plain http. */
  readonly insecureUrls: readonly string[];
  /** Programs that a kubeconfig may have workers run. */
  readonly kubernetesExec: readonly string[];
  /** Whether a runtime may use the service account of the worker's pod. */
  readonly kubernetesInCluster: boolean;
  /**
   * Whether runtimes of the provider `local` are allowed: their packages run programs as the worker's
   * user.
   */
  readonly localProvider: boolean;
  /** Names of packages with further providers. */
  readonly providerPackages: readonly string[];
  readonly heartbeatSeconds: number;
  readonly leaseSeconds: number;
  readonly logLevel: LogLevel;
  readonly metricsAddress: string | null;
  readonly slots: SlotCounts;
  readonly stickySeconds: number;
  readonly cachedWorkflows: number;
  readonly stopSeconds: number;
  readonly watchdogSeconds: number;
}

function integer(minimum: number, maximum: number, fallback: number) {
  return z.coerce
    .number(`must be a whole number from ${minimum} to ${maximum}`)
    .int('must be a whole number')
    .min(minimum, `must be at least ${minimum}`)
    .max(maximum, `must be at most ${maximum}`)
    .default(fallback);
}

const address = z
  .string()
  .regex(/^[^\s:]+:\d{1,5}$|^\[[0-9a-fA-F:]+\]:\d{1,5}$/, 'must be host:port, e.g. 127.0.0.1:9464');
const packageName = z
  .string()
  .regex(/^(\.{0,2}\/\S+|@?[a-z0-9][\w./-]*)$/i, 'must be names of packages or paths, separated by commas');

const flag = z
  .enum(['true', 'false'], 'must be true or false')
  .default('false')
  .transform((text) => text === 'true');

const list = z
  .string()
  .default('')
  .transform((text) =>
    text
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== ''),
  );

const schema = z.object({
  DATABASE_URL: z.string().optional(),
  DATABASE_URL_FILE: z.string().optional(),
  WINDLASS_DATABASE_CONNECTIONS: integer(1, 200, 5),
  WINDLASS_KEYRING: z.string().optional(),
  WINDLASS_HELM: z.string().optional(),
  WINDLASS_AWS_OWN_IDENTITY: flag,
  WINDLASS_AWS_PROFILES: list,
  WINDLASS_AWS_TOKEN_FILES: list.pipe(z.array(z.string().startsWith('/', 'must be absolute paths'))),
  WINDLASS_INSECURE_DATABASE: flag,
  WINDLASS_INSECURE_TEMPORAL: flag,
  WINDLASS_INSECURE_URLS: list,
  WINDLASS_KUBERNETES_EXEC: list,
  WINDLASS_KUBERNETES_IN_CLUSTER: flag,
  WINDLASS_LOCAL_PROVIDER: z.enum(['true', 'false'], 'must be true or false').optional(),
  WINDLASS_PROVIDERS: list.pipe(z.array(packageName)),
  WINDLASS_HEARTBEAT_SECONDS: integer(1, 300, 10),
  WINDLASS_LEASE_SECONDS: integer(1, 600, 15),
  WINDLASS_LOG_LEVEL: z.enum(LOG_LEVELS, `must be one of ${LOG_LEVELS.join(', ')}`).default('info'),
  WINDLASS_METRICS_ADDRESS: address.optional(),
  WINDLASS_SLOTS_WORKFLOWS: integer(2, 1000, 40),
  WINDLASS_SLOTS_EFFECTS: integer(1, 1000, 40),
  WINDLASS_SLOTS_WAITS: integer(1, 5000, 100),
  WINDLASS_SLOTS_NODES: integer(1, 1000, 40),
  WINDLASS_SLOTS_READS: integer(1, 1000, 20),
  WINDLASS_STICKY_SECONDS: integer(1, 600, 10),
  WINDLASS_CACHED_WORKFLOWS: integer(1, 10_000, 200),
  WINDLASS_STOP_SECONDS: integer(0, 3600, 10),
  WINDLASS_WATCHDOG_SECONDS: integer(0, 3600, 30),
});

/** Unknown names that begin like ours are typing errors, except those of test runs. */
const FOREIGN_NAMES = new Set(['WINDLASS_CLOSING_LINE_FILE']);

/**
 * Reads and checks the environment; empty variables count as absent. Nothing is created.
 * @throws invalid-input `CONFIG_INVALID` with every fault by variable; no value of a secret is shown.
 */
export function loadConfig(env: Environment): Config {
  const given = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value !== ''),
  );
  const known = new Set(CONFIG_TABLE.map((entry) => entry.name));
  const faults: ErrorDetail[] = Object.keys(given)
    .filter((name) => name.startsWith('WINDLASS_') && !known.has(name) && !isForeign(name))
    .map((name) => ({
      field: name,
      message: 'is not a variable of windlass; see `windlass worker --help` for those that are',
    }));

  const parsed = schema.safeParse(given);
  if (!parsed.success) {
    for (const issue of parsed.error.issues)
      faults.push({ field: String(issue.path[0]), message: issue.message });
  }
  if (given['DATABASE_URL'] !== undefined && given['DATABASE_URL_FILE'] !== undefined) {
    faults.push({
      field: 'DATABASE_URL_FILE',
      message: 'is given as well as DATABASE_URL; give one of them',
    });
  }
  const database = findDatabaseUrl(given, faults);
  if (!parsed.success || faults.length > 0) throw toConfigError(faults);

  const values = parsed.data;
  if (values.WINDLASS_LEASE_SECONDS < values.WINDLASS_HEARTBEAT_SECONDS) {
    // If a lease expired before its worker counts as dead, a second one would work at the same time.
    throw toConfigError([
      { field: 'WINDLASS_LEASE_SECONDS', message: 'must not be less than WINDLASS_HEARTBEAT_SECONDS' },
    ]);
  }
  const homeFolder = findHomeFolder(env);
  const temporal = loadTemporalConnection(env);
  requireTls(temporal.address, temporal.connectionOptions, env);
  return {
    temporal,
    databaseUrl: database,
    insecureDatabase: values.WINDLASS_INSECURE_DATABASE,
    databaseConnections: values.WINDLASS_DATABASE_CONNECTIONS,
    homeFolder,
    cacheFolder: findCacheFolder(env),
    keyringFile: values.WINDLASS_KEYRING ?? join(homeFolder, 'keyring.json'),
    helmFile: values.WINDLASS_HELM ?? null,
    awsOwnIdentity: values.WINDLASS_AWS_OWN_IDENTITY,
    awsProfiles: values.WINDLASS_AWS_PROFILES,
    awsTokenFiles: values.WINDLASS_AWS_TOKEN_FILES,
    insecureUrls: values.WINDLASS_INSECURE_URLS,
    kubernetesExec: values.WINDLASS_KUBERNETES_EXEC,
    kubernetesInCluster: values.WINDLASS_KUBERNETES_IN_CLUSTER,
    localProvider:
      values.WINDLASS_LOCAL_PROVIDER === undefined
        ? isOnThisMachine(temporal.address)
        : values.WINDLASS_LOCAL_PROVIDER === 'true',
    providerPackages: values.WINDLASS_PROVIDERS,
    heartbeatSeconds: values.WINDLASS_HEARTBEAT_SECONDS,
    leaseSeconds: values.WINDLASS_LEASE_SECONDS,
    logLevel: values.WINDLASS_LOG_LEVEL,
    metricsAddress: values.WINDLASS_METRICS_ADDRESS ?? null,
    slots: {
      workflows: values.WINDLASS_SLOTS_WORKFLOWS,
      effects: values.WINDLASS_SLOTS_EFFECTS,
      waits: values.WINDLASS_SLOTS_WAITS,
      nodes: values.WINDLASS_SLOTS_NODES,
      reads: values.WINDLASS_SLOTS_READS,
    },
    stickySeconds: values.WINDLASS_STICKY_SECONDS,
    cachedWorkflows: values.WINDLASS_CACHED_WORKFLOWS,
    stopSeconds: values.WINDLASS_STOP_SECONDS,
    watchdogSeconds: values.WINDLASS_WATCHDOG_SECONDS,
  };
}

/**
 * Variables of the tests begin with WINDLASS_TEST_; commands on nodes get some, which a nested windlass
 * inherits.
 */
function isForeign(name: string): boolean {
  return FOREIGN_NAMES.has(name) || /^WINDLASS_(TEST_|FAULT_|ROOT$|BOOT_ID$|INSTANCE$)/.test(name);
}

function findDatabaseUrl(given: Environment, faults: ErrorDetail[]): string | null {
  if (given['DATABASE_URL'] !== undefined)
    return checkDatabaseUrl('DATABASE_URL', given, given['DATABASE_URL'], faults);
  const file = given['DATABASE_URL_FILE'];
  if (file === undefined) return null;
  let text: string;
  try {
    text = readFileSync(file, 'utf8').trim();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    faults.push({
      field: 'DATABASE_URL_FILE',
      message: `names a file that cannot be read (${code}): ${file}`,
    });
    return null;
  }
  return checkDatabaseUrl('DATABASE_URL_FILE', given, text, faults);
}

function checkDatabaseUrl(field: string, given: Environment, text: string, faults: ErrorDetail[]): string {
  try {
    readDatabaseUrl(text, given['WINDLASS_INSECURE_DATABASE'] === 'true');
  } catch (error) {
    const message = error instanceof Error ? error.message.replace(/^DATABASE_URL /, '') : 'is wrong';
    faults.push({
      field,
      message: field === 'DATABASE_URL' ? message : `names a file whose text ${message}`,
    });
  }
  return text;
}
