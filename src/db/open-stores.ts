import { Kysely, PostgresDialect, sql } from 'kysely';
import pg from 'pg';
import { readDatabaseUrl } from '../domain/index.ts';
import { createAppStore } from './app-store.ts';
import { createCallBudgetStore } from './call-budget-store.ts';
import { createClusterStore } from './cluster-store.ts';
import { withDatabaseErrors } from './database-errors.ts';
import { createFrontgateStore } from './frontgate-store.ts';
import { createJobStore } from './job-store.ts';
import { createLeaderStore } from './leader-store.ts';
import { createLedgerStore } from './ledger-store.ts';
import { migrateDatabase } from './migrate.ts';
import { createRuntimeStore } from './runtime-store.ts';
import type { Database } from './schema.ts';
import { createSecretStore } from './secret-store.ts';
import type { Stores } from './stores.ts';
import { toPoolConfig } from './to-pool-config.ts';
import { createWorkerStore } from './worker-store.ts';
import { createTaskStore } from './task-store.ts';

export interface OpenStoresOptions {
  /** `postgres://user:password@host:port/database`; appears in no error and no log line. */
  readonly databaseUrl: string;
  /** Whether another machine may be used without verified TLS (WINDLASS_INSECURE_DATABASE). */
  readonly insecureDatabase?: boolean;
  /** At most this many connections at once; further requests wait for one of them. */
  readonly maxConnections?: number;
  /** Called for connections that broke while they were idle. */
  readonly log?: (message: string, fields?: Readonly<Record<string, unknown>>) => void;
}

/** For programs other than a worker; a worker has its own setting. */
const DEFAULT_CONNECTIONS = 10;
/** How long a new connection may take before the database counts as unavailable. */
const CONNECT_TIMEOUT_MS = 10_000;

/**
 * The stores on one PostgreSQL. Connects at first use, so it succeeds without a database; `ping` checks
 * whether one answers. `close` closes all connections.
 *
 * @throws invalid-input `CONFIG_INVALID` for a URL that cannot be used, or is not allowed
 */
export function openStores(options: OpenStoresOptions): Stores {
  const pool = new pg.Pool({
    ...toPoolConfig(readDatabaseUrl(options.databaseUrl, options.insecureDatabase ?? false)),
    max: options.maxConnections ?? DEFAULT_CONNECTIONS,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    types: { getTypeParser: getTypeParser as typeof pg.types.getTypeParser },
  });
  // Without a listener the loss of an idle connection would end the process.
  pool.on('error', (error) => {
    const code = 'code' in error && typeof error.code === 'string' ? error.code : 'none';
    options.log?.('a database connection was lost', { code });
  });
  // The pool listens only while a connection is idle. A caller that uses one gets its loss as the error of
  // a query.
  pool.on('connect', (client) => {
    client.on('error', () => {});
  });
  const db = new Kysely<Database>({ dialect: new PostgresDialect({ pool }) });
  let closing: Promise<void> | undefined;
  return {
    runtimes: withDatabaseErrors(createRuntimeStore(db)),
    secrets: withDatabaseErrors(createSecretStore(db)),
    apps: withDatabaseErrors(createAppStore(db)),
    clusters: withDatabaseErrors(createClusterStore(db)),
    frontgates: withDatabaseErrors(createFrontgateStore(db)),
    jobs: withDatabaseErrors(createJobStore(db)),
    tasks: withDatabaseErrors(createTaskStore(db)),
    ledger: withDatabaseErrors(createLedgerStore(db)),
    callBudget: withDatabaseErrors(createCallBudgetStore(db)),
    leaders: withDatabaseErrors(createLeaderStore(db)),
    workers: withDatabaseErrors(createWorkerStore(db)),
    ...withDatabaseErrors({
      migrate: () => migrateDatabase(db),
      ping: async () => {
        await sql`select 1`.execute(db);
      },
      close: () => (closing ??= db.destroy()),
    }),
  };
}

/** Times are returned as RFC 3339 in UTC, counts as numbers. */
function getTypeParser(oid: number, format?: 'text' | 'binary'): (value: string) => unknown {
  const standard = pg.types.getTypeParser(oid, format as 'text') as (value: string) => unknown;
  if (oid === pg.types.builtins.TIMESTAMPTZ) {
    return (value) => {
      const time = standard(value);
      return time instanceof Date ? time.toISOString() : time;
    };
  }
  if (oid === pg.types.builtins.INT8) return Number;
  return standard;
}
