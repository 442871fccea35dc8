import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { Client } from '@temporalio/client';
import { NativeConnection, type NativeConnectionOptions } from '@temporalio/worker';
import {
  createActivities,
  createCallBudgets,
  NO_FAULTS,
  type ActivityLogger,
} from '../../activities/index.ts';
import { claimPrivateFolder, type Config } from '../config/index.ts';
import { openStores, type Stores } from '../db/index.ts';
import { WindlassError } from '../domain/index.ts';
import { createLogger, createRedactor } from '../observability/index.ts';
import { openKeyring } from '../secrets/index.ts';
import { checkServer } from './check-server.ts';
import { createWorkers } from './create-workers.ts';
import { loadProviders } from './load-providers.ts';
import { installTemporalRuntime, toActivityLogger } from './logging.ts';
import { announceWorker } from './presence.ts';
import { startSweeper, type Sweeper } from './sweeper.ts';
import { VERSION } from './version.ts';
import { startWatchdog } from './watchdog.ts';
import type { WorkerOverrides } from './worker-overrides.ts';

export interface RunningWorker {
  /** Stops polling, lets running activities end, closes everything. */
  stop(): Promise<void>;
  /** Resolves after stop; rejects when a part of the worker failed permanently. */
  readonly stopped: Promise<void>;
  readonly sweeper: Sweeper;
}

/**
 * Runs one worker: workflows and activities on all queues. Stateless: run as many as you like.
 *
 * @throws permission `FOLDER_UNSAFE` if other users could read or change its files; unavailable when
 * Temporal or the database cannot be reached or is too old.
 */
export async function startWorker(config: Config, overrides: WorkerOverrides = {}): Promise<RunningWorker> {
  for (const [folder, variable] of [
    [config.homeFolder, 'WINDLASS_HOME'],
    [config.cacheFolder, 'WINDLASS_CACHE'],
  ] as const)
    claimPrivateFolder(folder, variable);
  const redactor = createRedactor();
  const log = toActivityLogger(createLogger({ level: config.logLevel, redactor }));
  installTemporalRuntime(log, config.metricsAddress);
  const stores = openStores({
    databaseUrl: requireDatabase(config),
    insecureDatabase: config.insecureDatabase,
    maxConnections: config.databaseConnections,
  });
  await stores.ping();
  await stores.migrate();
  const keyring = await openKeyring(config.keyringFile);
  const connection = await connect(config);
  await checkServer(connection, config.temporal.namespace);
  const client = new Client({ connection, namespace: config.temporal.namespace });
  const { registry, nodes, findHelm, pullChart } = await loadProviders(config, overrides.providers, (line) =>
    log.info(line),
  );

  const identity = `${process.pid}@${hostname()}`;
  const activities = createActivities({
    stores,
    providers: registry,
    keyring,
    log,
    redactor,
    identity,
    heartbeatSeconds: config.heartbeatSeconds,
    leaseSeconds: config.leaseSeconds,
    version: VERSION,
    callBudgets: createCallBudgets(stores.callBudget),
    plainHttpHosts: config.insecureUrls,
    pullChart,
    faultPoint: overrides.faultPoint ?? NO_FAULTS,
  });

  let fail: (error: unknown) => void = () => {};
  const failed = new Promise<never>((_, reject) => (fail = reject));
  const providers = registry.list();
  const workers = await createWorkers(
    connection,
    config,
    providers.map(({ name }) => name),
    activities,
  );
  // A process id may be reused.
  const unique = `${identity}/${randomUUID()}`;
  // Before the first poll: work that this worker can do must not be reported as waiting for a worker.
  const presence = await announceWorker(stores, unique, providers, log);
  const ended = Promise.all(workers.map((worker) => worker.run().catch(fail)));
  const sweeper = startSweeper({ client, stores, log, identity: unique });
  const stopWatchdog = startWatchdog(config.watchdogSeconds);
  log.info('worker started', {
    version: VERSION,
    temporal: config.temporal.address,
    databaseConnections: config.databaseConnections,
  });
  void announceHelm(stores, findHelm, log);

  let stopping: Promise<void> | null = null;
  async function stopAll(): Promise<void> {
    const left = Promise.all([presence.stop(), sweeper.stop()]);
    for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
    await ended;
    await left;
    await nodes.close();
    await stores.close();
    await connection.close();
    await stopWatchdog();
  }
  const stop = (): Promise<void> => (stopping ??= stopAll());
  const stopped = Promise.race([failed, ended.then(stop)]);
  // A caller that never reads `stopped` must not crash because of it.
  stopped.catch((error: unknown) => log.warn('the worker failed', { error }));
  return { stop, stopped, sweeper };
}

/** If a Kubernetes runtime exists, finds (and if needed installs) helm at start-up and logs its version. */
async function announceHelm(
  stores: Stores,
  findHelm: () => Promise<unknown>,
  log: ActivityLogger,
): Promise<void> {
  try {
    const runtimes = await stores.runtimes.list({ limit: MAX_RUNTIMES });
    if (runtimes.some((runtime) => runtime.provider === 'kubernetes')) await findHelm();
  } catch (error) {
    log.warn('charts cannot be run by this worker', { error });
  }
}

const MAX_RUNTIMES = 1_000;

async function connect(config: Config): Promise<NativeConnection> {
  const { address, connectionOptions } = config.temporal;
  try {
    return await NativeConnection.connect(connectionOptions as NativeConnectionOptions);
  } catch (error) {
    throw new WindlassError('unavailable', `no Temporal server answers at ${address}`, {
      code: 'TEMPORAL_UNREACHABLE',
      hint: 'start one with `windlass dev`, or set TEMPORAL_ADDRESS',
      cause: error,
    });
  }
}

function requireDatabase(config: Config): string {
  if (config.databaseUrl !== null) return config.databaseUrl;
  throw new WindlassError('invalid-input', 'a worker needs a database, and DATABASE_URL is not set', {
    code: 'DATABASE_MISSING',
    field: 'DATABASE_URL',
    hint: 'set DATABASE_URL or DATABASE_URL_FILE; `windlass dev` brings a database of its own',
  });
}
