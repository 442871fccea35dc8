import { loadClientConfigProfile, toClientOptions, type ClientConnectConfig } from '@temporalio/envconfig';
import { WindlassError } from '../domain/index.ts';
import type { Environment } from './folders.ts';

/** How the Temporal server is reached, and whether the user has said so. */
export interface TemporalConnection {
  readonly address: string;
  readonly namespace: string;
  /** Whether TEMPORAL_ADDRESS or a profile names the address; the default address counts as not named. */
  readonly isNamed: boolean;
  readonly connectionOptions: ClientConnectConfig['connectionOptions'];
}

const DEFAULT_ADDRESS = 'localhost:7233';

/**
 * Reads TEMPORAL_* and temporal.toml as Temporal's own tools do.
 * @throws invalid-input `TEMPORAL_CONFIG` for a profile or file that cannot be read; it shows no value of it.
 */
export function loadTemporalConnection(env: Environment): TemporalConnection {
  const given: Record<string, string> = {};
  for (const [name, value] of Object.entries(env))
    if (value !== undefined && value !== '') given[name] = value;
  try {
    const profile = loadClientConfigProfile({ overrideEnvVars: given });
    const { connectionOptions, namespace } = toClientOptions(profile);
    const address = profile.address ?? DEFAULT_ADDRESS;
    return {
      address,
      namespace: namespace ?? 'default',
      isNamed: profile.address !== undefined,
      connectionOptions: { ...connectionOptions, address },
    };
  } catch (error) {
    throw new WindlassError(
      'invalid-input',
      `the Temporal connection cannot be read: ${error instanceof Error ? error.message : 'unknown reason'}`,
      {
        code: 'TEMPORAL_CONFIG',
        hint: 'check TEMPORAL_CONFIG_FILE, TEMPORAL_PROFILE and temporal.toml',
        cause: error,
      },
    );
  }
}
