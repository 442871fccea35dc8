import {
  loadClientConfig,
  loadClientConfigProfile,
  toClientOptions,
  type ClientConnectConfig,
} from '@temporalio/envconfig';
import { WindlassError } from '../domain/index.ts';
import { readChosenProfile } from './chosen-context.ts';
import { findHomeFolder, type Environment } from './folders.ts';
import { findWorkerLog, readOwnStack } from './own-stack.ts';

/** The address of the Temporal server, and whether the user has given it. */
export interface TemporalConnection {
  readonly address: string;
  readonly namespace: string;
  /**
   * Whether TEMPORAL_ADDRESS or a profile names the address; a stack of ours and the default address do
   * not count.
   */
  readonly isNamed: boolean;
  readonly connectionOptions: ClientConnectConfig['connectionOptions'];
}

/** The server that a client acts on, and why it is that one. */
export interface ClientConnection extends TemporalConnection {
  /** For users: what names the address. */
  readonly from: string;
  /** The profile that names the address; null if none does. */
  readonly profile: string | null;
  /** The name that the server must report; null if any is accepted. */
  readonly clusterId: string | null;
  /** The log of the embedded stack's worker, if the server belongs to that stack. */
  readonly workerLog: string | null;
}

/** A profile of temporal.toml, without its secrets. */
export interface TemporalProfile {
  readonly name: string;
  readonly address: string;
  readonly namespace: string;
}

const DEFAULT_ADDRESS = 'localhost:7233';
const DEFAULT_NAMESPACE = 'default';

/**
 * Reads TEMPORAL_* and temporal.toml as Temporal's own tools do, for workers and servers.
 * @throws invalid-input `TEMPORAL_CONFIG` for a profile or file that cannot be read; it shows no value of
 * it.
 */
export function loadTemporalConnection(env: Environment, profileName?: string): TemporalConnection {
  return guard(() => {
    const profile = loadClientConfigProfile({
      overrideEnvVars: dropEmpty(env),
      ...(profileName === undefined ? {} : { profile: profileName }),
    });
    const { connectionOptions, namespace } = toClientOptions(profile);
    const address = profile.address ?? DEFAULT_ADDRESS;
    return {
      address,
      namespace: namespace ?? DEFAULT_NAMESPACE,
      isNamed: profile.address !== undefined,
      connectionOptions: { ...connectionOptions, address },
    };
  });
}

/**
 * The server that the commands and the library act on: TEMPORAL_ADDRESS, or a profile that
 * TEMPORAL_PROFILE, `windlass context use` or the default of temporal.toml names; otherwise the running
 * stack of this WINDLASS_HOME; otherwise the default address. Opens no connection.
 * @throws invalid-input `TEMPORAL_CONFIG`
 */
export function loadClientConnection(env: Environment, givenProfile?: string): ClientConnection {
  const home = findHomeFolder(env);
  const isChosenByEnvironment = Boolean(env['TEMPORAL_ADDRESS']) || Boolean(env['TEMPORAL_PROFILE']);
  const chosen = givenProfile !== undefined || isChosenByEnvironment ? null : readChosenProfile(home);
  const profile = givenProfile ?? chosen ?? undefined;
  const connection = loadTemporalConnection(env, profile);
  const none = { profile: null, clusterId: null, workerLog: null };
  if (connection.isNamed || profile !== undefined || env['TEMPORAL_PROFILE']) {
    const name = profile ?? (env['TEMPORAL_PROFILE'] || 'default');
    if (env['TEMPORAL_ADDRESS']) return { ...connection, ...none, from: 'TEMPORAL_ADDRESS' };
    return { ...connection, ...none, profile: name, from: `profile ${name} of temporal.toml` };
  }
  // Keys and certificates without an address are for the server at the default one: our stack uses none.
  const { tls, apiKey } = connection.connectionOptions;
  const isOpen = (tls === undefined || tls === false || tls === null) && apiKey === undefined;
  const stack = isOpen ? readOwnStack(home) : null;
  if (stack === null)
    return { ...connection, ...none, from: `the default address; no stack of ${home} runs` };
  const { address, clusterId } = stack;
  return {
    address,
    namespace: env['TEMPORAL_NAMESPACE'] || stack.namespace,
    isNamed: false,
    connectionOptions: { address },
    from: `the stack of ${home}`,
    profile: null,
    clusterId,
    workerLog: findWorkerLog(home),
  };
}

/**
 * The profiles of temporal.toml, by name.
 * @throws invalid-input `TEMPORAL_CONFIG`
 */
export function listTemporalProfiles(env: Environment): readonly TemporalProfile[] {
  return guard(() =>
    Object.entries(loadClientConfig({ overrideEnvVars: dropEmpty(env) }).profiles)
      .map(([name, { address = DEFAULT_ADDRESS, namespace = DEFAULT_NAMESPACE }]) => ({
        name,
        address,
        namespace,
      }))
      .sort((left, right) => left.name.localeCompare(right.name)),
  );
}

function dropEmpty(env: Environment): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => Boolean(entry[1])),
  );
}

function guard<Result>(read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    throw new WindlassError(
      'invalid-input',
      `the Temporal connection cannot be read: ${error instanceof Error ? error.message : 'unknown reason'}`,
      {
        code: 'TEMPORAL_CONFIG',
        hint: 'check TEMPORAL_CONFIG_FILE, TEMPORAL_PROFILE, temporal.toml and windlass context show',
        cause: error,
      },
    );
  }
}
