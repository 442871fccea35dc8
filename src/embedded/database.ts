import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { findProgram } from './find-program.ts';
import { requireDiskSpace } from '../tools/index.ts';
import { choosePort } from './machine-checks.ts';
import { readRecord, writeRecord } from './processes.ts';
import { endLeftOver, repeatPortRace, startService } from './service-process.ts';

/** The embedded PostgreSQL, as it is to be started. */
export interface DatabaseRequest {
  /** Its data, log and process record are below. */
  readonly home: string;
  readonly env: NodeJS.ProcessEnv;
  readonly report: (line: string) => void;
}

/** A database that answers. */
export interface Database {
  readonly databaseUrl: string;
  readonly pid: number;
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

const PREFERRED_PORT = 7432;
/** A first start writes a whole new database; on a busy machine that has taken long. */
const READY_LIMIT_MS = 120_000;
const STOP_GRACE_MS = 10_000;
const NEEDED_MIB = 300;

/**
 * Starts PGlite on `home`, in a process of its own that listens on loopback, and waits until it
 * answers. One that a killed stack has left is ended first. It has no password: any program on this
 * machine can reach it, as it can the dev server; secrets in it are encrypted.
 * @throws quota `DISK_FULL`; unavailable `SERVICE_FAILED`, also when another process has the folder open
 */
export function startDatabase(request: DatabaseRequest): Promise<Database> {
  return repeatPortRace(() => startOnce(request));
}

async function startOnce({ home, env, report }: DatabaseRequest): Promise<Database> {
  requireDiskSpace(home, NEEDED_MIB);
  const folder = join(home, 'run');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const recordFile = join(folder, 'database.json');
  const lastFile = join(folder, 'database.last.json');
  const last = readRecord(recordFile) ?? readRecord(lastFile);
  if (await endLeftOver(recordFile, STOP_GRACE_MS))
    report('ended a database process that a killed stack had left');
  const preferred = Number(last?.address.split(':').at(-1) ?? PREFERRED_PORT);
  const port = await choosePort({ preferred, what: 'the database' }, report);
  const databaseUrl = `postgres://postgres@127.0.0.1:${port}/postgres`;
  const service = await startService({
    name: 'the embedded database',
    command: process.execPath,
    args: [findProgram('./pglite-process'), join(home, 'postgres'), String(port)],
    env,
    logFile: join(folder, 'database.log'),
    recordFile,
    address: `127.0.0.1:${port}`,
    readyWord: 'serving',
    isReady: () => answers(databaseUrl),
    readyLimitMs: READY_LIMIT_MS,
    stopGraceMs: STOP_GRACE_MS,
  });
  writeRecord(lastFile, service.record);
  return { databaseUrl, pid: service.pid, ended: service.ended, stop: service.stop };
}

async function answers(databaseUrl: string): Promise<boolean> {
  const client = new Client({ connectionString: databaseUrl, connectionTimeoutMillis: 2_000 });
  client.on('error', () => {
    // A connection cut while the server starts; the next look makes another.
  });
  try {
    await client.connect();
    await client.query('select 1');
    return true;
  } finally {
    await client.end();
  }
}
