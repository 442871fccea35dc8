import { hostname, userInfo } from 'node:os';
import { Client, Connection, type TLSConfig } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { WindlassError } from '../domain/index.ts';
import { createAppsClient } from './apps-client.ts';
import { createClustersClient } from './clusters-client.ts';
import { createJobsClient } from './jobs-client.ts';
import { createReadsClient } from './reads-client.ts';
import { createRuntimesClient } from './runtimes-client.ts';
import { toWindlassError, type ServerPlace } from './to-windlass-error.ts';
import type { WindlassClient } from './windlass-client.ts';

/** What is absent comes from `TEMPORAL_*`, the profile of temporal.toml, or Temporal's defaults. */
export interface ConnectOptions {
  readonly address?: string;
  readonly namespace?: string;
  readonly tls?: TLSConfig | boolean;
  readonly apiKey?: string;
  /** Of temporal.toml. */
  readonly profile?: string;
  /** Instead of process.env. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Who asks, for the job log; `user@host` when absent. */
  readonly identity?: string;
  readonly connectTimeoutMs?: number;
  /** How long a request waits for a worker to take it. */
  readonly workerTimeoutMs?: number;
}

const DEFAULT_ADDRESS = 'localhost:7233';
const DEFAULT_NAMESPACE = 'default';
const CONNECT_TIMEOUT_MS = 5_000;
const WORKER_TIMEOUT_MS = 10_000;

/**
 * Connects to Temporal; that a worker is there shows with the first request.
 *
 * @throws unavailable `TEMPORAL_UNREACHABLE`; invalid-input `TEMPORAL_CONFIG` for a profile or
 *   certificate that cannot be read; permission `TEMPORAL_REFUSED`.
 */
export async function connectClient(options: ConnectOptions = {}): Promise<WindlassClient> {
  const found = loadConnectConfig(options);
  const tls = options.tls ?? found.connectionOptions.tls;
  const apiKey = options.apiKey ?? found.connectionOptions.apiKey;
  const metadata = found.connectionOptions.metadata;
  const place: ServerPlace = {
    address: options.address ?? found.connectionOptions.address ?? DEFAULT_ADDRESS,
    namespace: options.namespace ?? found.namespace ?? DEFAULT_NAMESPACE,
  };
  const identity = options.identity ?? defaultIdentity();
  let connection: Connection;
  try {
    connection = await Connection.connect({
      address: place.address,
      connectTimeout: options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
      ...(tls === undefined ? {} : { tls }),
      ...(apiKey === undefined ? {} : { apiKey }),
      ...(metadata === undefined ? {} : { metadata }),
    });
  } catch (error) {
    throw toWindlassError(error, place);
  }
  const client = new Client({ connection, namespace: place.namespace, identity });
  const reads = createReadsClient(client, place, options.workerTimeoutMs ?? WORKER_TIMEOUT_MS);
  const jobs = createJobsClient({ client, reads, place });
  const apps = createAppsClient(reads);
  return {
    runtimes: createRuntimesClient(reads),
    apps,
    clusters: createClustersClient({ client, reads, place, apps, identity }),
    jobs,
    describeWorker: () => reads.describeWorker(),
    close: () => connection.close(),
  };
}

function loadConnectConfig(options: ConnectOptions): ReturnType<typeof loadClientConnectConfig> {
  const env = options.env ?? process.env;
  try {
    return loadClientConnectConfig({
      ...(options.profile === undefined ? {} : { profile: options.profile }),
      overrideEnvVars: Object.fromEntries(
        Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined),
      ),
    });
  } catch (error) {
    throw new WindlassError(
      'invalid-input',
      `the Temporal connection is not configured rightly: ${error instanceof Error ? error.message : String(error)}`,
      { code: 'TEMPORAL_CONFIG', hint: 'look at TEMPORAL_* and the profile in temporal.toml', cause: error },
    );
  }
}

function defaultIdentity(): string {
  try {
    return `${userInfo().username}@${hostname()}`;
  } catch {
    // A user id without an entry in the password file, as in containers.
    return `uid-${process.getuid?.() ?? 'unknown'}@${hostname()}`;
  }
}
