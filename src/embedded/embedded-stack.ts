import { rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  claimPrivateFolder,
  findStackFile,
  type FolderVariable,
  loadConfig,
  type OwnStack,
} from '../config/index.ts';
import { WindlassError } from '../domain/index.ts';
import { type Database, startDatabase } from './database.ts';
import { findTemporalServer } from './find-temporal-server.ts';
import { requireDiskSpace } from '../tools/index.ts';
import { acquireProcessLock } from './process-lock.ts';
import { writeWhole } from './processes.ts';
import { startTemporalServer, type TemporalServer } from './temporal-server.ts';

/** How to start the servers of one machine. */
export interface StackRequest {
  /** The folder of all state; at most one stack at a time. */
  readonly home: string;
  /** Tools cache. */
  readonly cache: string;
  readonly env: NodeJS.ProcessEnv;
  /** Called with one line for each thing that is found or done. */
  readonly report: (line: string) => void;
  readonly port?: number;
  readonly uiPort?: number;
}

/** Running servers: ours, or those that the environment names. */
export interface EmbeddedStack {
  readonly temporalAddress: string;
  readonly namespace: string;
  /** Null if the Temporal server is not ours. */
  readonly uiUrl: string | null;
  /** Holds a password if the database is not ours. */
  readonly databaseUrl: string;
  /** For workers and clients: the given environment, with these servers in it. */
  readonly env: NodeJS.ProcessEnv;
  /** Our processes: names and pids. */
  readonly processes: readonly { readonly name: string; readonly pid: number }[];
  /** Resolves with the name of a server of ours that has ended before `stop`. */
  readonly broken: Promise<string>;
  stop(): Promise<void>;
}

const NEEDED_MIB = 500;

/**
 * Starts what the environment does not name: Temporal's dev server and the database, both with their files
 * under `home`, so that everything survives the end of every process. After a failure nothing that was
 * started still runs.
 * @throws permission `FOLDER_UNSAFE`; conflict `STACK_RUNNING`, `PORT_TAKEN`; unavailable
 * `TEMPORAL_NOT_FOUND`, `SERVICE_FAILED`; quota `DISK_FULL`
 */
export async function startEmbeddedStack(request: StackRequest): Promise<EmbeddedStack> {
  const { home, cache, env, report } = request;
  const givenDatabaseUrl = loadConfig(env).databaseUrl;
  reportClosed(home, 'WINDLASS_HOME', report);
  reportClosed(cache, 'WINDLASS_CACHE', report);
  requireDiskSpace(home, NEEDED_MIB);
  const folder = join(home, 'run');
  const lock = acquireProcessLock(join(folder, 'stack.lock'));
  if ('holderPid' in lock) {
    throw new WindlassError('conflict', `process ${lock.holderPid} runs a stack on ${home} already`, {
      code: 'STACK_RUNNING',
      hint: 'use that one, end it, or set WINDLASS_HOME to another folder',
    });
  }
  const [temporal, database] = await Promise.allSettled([
    startTemporal(request, folder),
    givenDatabaseUrl === null ? startDatabase({ home, env, report }) : null,
  ]);
  const stackFile = findStackFile(home);
  const stop = async (): Promise<void> => {
    rmSync(stackFile, { force: true });
    await Promise.all([
      temporal.status === 'fulfilled' ? temporal.value.server?.stop() : null,
      database.status === 'fulfilled' ? database.value?.stop() : null,
    ]);
    lock.release();
  };
  if (temporal.status === 'rejected' || database.status === 'rejected') {
    await stop();
    throw toFailure(temporal, database);
  }
  if (temporal.value.server !== null) writeStack(stackFile, temporal.value.server);
  return describeStack(request, temporal.value, database.value ?? givenDatabaseUrl ?? '', stop, cache);
}

/** From now on, clients with this home find the server by themselves. */
function writeStack(file: string, { pid, startTime, address, namespace, clusterId }: TemporalServer): void {
  writeWhole(file, { pid, startTime, address, namespace, clusterId } satisfies OwnStack);
}

function reportClosed(folder: string, variable: FolderVariable, report: (line: string) => void): void {
  const mode = claimPrivateFolder(folder, variable);
  if (mode !== null) report(`closed ${folder} to other users: it had the mode ${mode}`);
}

/** Why a stack did not start: the first of its parts that gives a reason. */
function toFailure(...parts: readonly PromiseSettledResult<unknown>[]): unknown {
  return parts.find((part) => part.status === 'rejected')?.reason;
}

/** The Temporal server of a stack; an external one has no process of ours. */
interface StackTemporal {
  readonly address: string;
  readonly namespace: string;
  readonly server: TemporalServer | null;
}

async function startTemporal(request: StackRequest, folder: string): Promise<StackTemporal> {
  const { env, report, home, port, uiPort } = request;
  const source = await findTemporalServer(request);
  report(`Temporal: ${source.description}`);
  if (source.kind === 'external')
    return { address: source.address, namespace: source.namespace, server: null };
  const server = await startTemporalServer({
    binary: source.path,
    databaseFile: join(home, 'temporal.db'),
    folder,
    env,
    report,
    ...(port === undefined ? {} : { port }),
    ...(uiPort === undefined ? {} : { uiPort }),
  });
  return { address: server.address, namespace: server.namespace, server };
}

function describeStack(
  { env, home }: StackRequest,
  temporal: StackTemporal,
  database: Database | string,
  stop: () => Promise<void>,
  cache: string,
): EmbeddedStack {
  const servers = [
    ...(temporal.server === null
      ? []
      : [{ name: 'the Temporal server', pid: temporal.server.pid, ended: temporal.server.ended }]),
    ...(typeof database === 'string'
      ? []
      : [{ name: 'the embedded database', pid: database.pid, ended: database.ended }]),
  ];
  return {
    temporalAddress: temporal.address,
    namespace: temporal.namespace,
    uiUrl: temporal.server?.uiUrl ?? null,
    databaseUrl: typeof database === 'string' ? database : database.databaseUrl,
    env: {
      ...env,
      WINDLASS_HOME: home,
      WINDLASS_CACHE: cache,
      ...(temporal.server === null
        ? {}
        : { TEMPORAL_ADDRESS: temporal.address, TEMPORAL_NAMESPACE: temporal.namespace }),
      ...(typeof database === 'string' ? {} : { DATABASE_URL: database.databaseUrl }),
    },
    processes: servers.map(({ name, pid }) => ({ name, pid })),
    broken: new Promise((resolve) => {
      for (const { name, ended } of servers) void ended.then(() => resolve(name));
    }),
    stop,
  };
}
