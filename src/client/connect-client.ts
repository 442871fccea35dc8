import { hostname, userInfo } from 'node:os';
import { Client, Connection, type TLSConfig } from '@temporalio/client';
import { requireTls, loadClientConnection, type ClientConnection } from '../config/index.ts';
import { WindlassError } from '../domain/index.ts';
import { createAppsClient } from './apps-client.ts';
import { createClustersClient } from './clusters-client.ts';
import { createJobsClient } from './jobs-client.ts';
import { createRequestsClient } from './requests-client.ts';
import { createRuntimesClient } from './runtimes-client.ts';
import { toWindlassError, type ServerAddress } from './to-windlass-error.ts';
import type { WindlassClient } from './windlass-client.ts';

/**
 * Absent values come from `TEMPORAL_*` or a profile of temporal.toml; if none names an address, from the
 * running stack of this WINDLASS_HOME; otherwise from Temporal's defaults.
 */
export interface ConnectOptions {
  readonly address?: string;
  readonly namespace?: string;
  readonly tls?: TLSConfig | boolean;
  readonly apiKey?: string;
  /** Of temporal.toml. */
  readonly profile?: string;
  /** Instead of process.env. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** The requesting user, for the job log; `user@host` if absent. */
  readonly identity?: string;
  readonly connectTimeoutMs?: number;
  /** How long a request waits for a worker to take it. */
  readonly workerTimeoutMs?: number;
}

const CONNECT_TIMEOUT_MS = 5_000;
const WORKER_TIMEOUT_MS = 10_000;

/**
 * Connects to Temporal; whether a worker runs shows with the first request.
 *
 * @throws invalid-input `CONFIG_INVALID` for a server on another machine without TLS (nothing is sent
 * then); unavailable `TEMPORAL_UNREACHABLE`; invalid-input `TEMPORAL_CONFIG` for a profile or certificate
 * that cannot be read; permission `TEMPORAL_REFUSED`.
 */
export async function connectClient(options: ConnectOptions = {}): Promise<WindlassClient> {
  const found = loadClientConnection(options.env ?? process.env, options.profile);
  const { metadata, ...given } =
    options.address === undefined ? found.connectionOptions : withoutStack(found);
  const tls = options.tls ?? given.tls;
  const apiKey = options.apiKey ?? given.apiKey;
  const server: ServerAddress = {
    address: options.address ?? found.address,
    namespace: options.namespace ?? found.namespace,
    from: options.address === undefined ? found.from : 'the caller',
    ...(options.address === undefined && found.workerLog !== null ? { workerLog: found.workerLog } : {}),
  };
  requireTls(server.address, { tls, apiKey }, options.env ?? process.env);
  const identity = options.identity ?? defaultIdentity();
  let connection: Connection;
  try {
    connection = await Connection.connect({
      address: server.address,
      connectTimeout: options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
      ...(tls === undefined ? {} : { tls }),
      ...(apiKey === undefined ? {} : { apiKey }),
      ...(metadata === undefined ? {} : { metadata }),
    });
    if (options.address === undefined && found.clusterId !== null)
      await requireServer(connection, found.clusterId, server);
  } catch (error) {
    throw toWindlassError(error, server);
  }
  const client = new Client({ connection, namespace: server.namespace, identity });
  const requests = createRequestsClient(client, server, options.workerTimeoutMs ?? WORKER_TIMEOUT_MS);
  const jobs = createJobsClient({ client, requests, server });
  const apps = createAppsClient(requests);
  return {
    runtimes: createRuntimesClient(requests),
    apps,
    clusters: createClustersClient({ client, requests, server, apps, identity }),
    jobs,
    server: server,
    describeWorker: () => requests.describeWorker(),
    close: () => connection.close(),
  };
}

/**
 * An address that the caller gives uses keys and certificates of the configuration, but nothing of a
 * stack.
 */
function withoutStack({
  clusterId,
  connectionOptions,
}: ClientConnection): ClientConnection['connectionOptions'] {
  return clusterId === null ? connectionOptions : {};
}

/**
 * A record may name a port that another program took meanwhile: no request goes to a server that is not
 * the one of the record. The connection is closed then.
 *
 * @throws unavailable `STACK_SERVER_GONE`
 */
async function requireServer(
  connection: Connection,
  clusterId: string,
  server: ServerAddress,
): Promise<void> {
  let found: string;
  try {
    found = (await connection.workflowService.getClusterInfo({})).clusterId;
    if (found === clusterId) return;
  } catch (error) {
    await connection.close();
    throw error;
  }
  await connection.close();
  throw new WindlassError(
    'unavailable',
    `the server at ${server.address} is not that of ${server.from ?? 'the stack'}: another program has its port`,
    { code: 'STACK_SERVER_GONE', hint: 'start the stack again (windlass dev), or set TEMPORAL_ADDRESS' },
  );
}

function defaultIdentity(): string {
  try {
    return `${userInfo().username}@${hostname()}`;
  } catch {
    // A user id without an entry in the password file, as in containers.
    return `uid-${process.getuid?.() ?? 'unknown'}@${hostname()}`;
  }
}
