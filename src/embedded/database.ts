import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { findProgram } from './find-program.ts';
import { requireDiskSpace } from '../tools/index.ts';
import { endLeftOver, startService } from './service-process.ts';

/** How to start the embedded PostgreSQL. */
export interface DatabaseRequest {
  /** The folder that holds its data, log and process record. */
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

/** A first start creates a whole database; on a busy machine that can take long. */
const READY_LIMIT_MS = 120_000;
const STOP_GRACE_MS = 10_000;
const NEEDED_MIB = 300;
/** PostgreSQL's clients name a socket by its folder and this number. */
const SOCKET_NUMBER = 5432;
/** The shortest limit of any system for the path of a socket, minus its ending. */
const LONGEST_SOCKET_PATH = 100;

/**
 * Starts PGlite on `home`, in a process of its own that listens on a socket file in a folder which only
 * this user can enter, and waits until it answers. A process that a killed stack has left is ended first.
 * @throws quota `DISK_FULL`; unavailable `DATABASE_DAMAGED`, `SERVICE_FAILED`, the latter also when
 * another process has the folder open; permission `FOLDER_NOT_WRITABLE`
 */
export async function startDatabase({ home, env, report }: DatabaseRequest): Promise<Database> {
  requireDiskSpace(home, NEEDED_MIB);
  const folder = join(home, 'run');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const recordFile = join(folder, 'database.json');
  if (await endLeftOver(recordFile, STOP_GRACE_MS))
    report('ended a database process that a killed stack had left');
  const place = chooseSocketFolder(folder);
  const socket = join(place.folder, `.s.PGSQL.${SOCKET_NUMBER}`);
  const databaseUrl = `postgres://postgres@localhost:${SOCKET_NUMBER}/postgres?host=${encodeURIComponent(place.folder)}`;
  try {
    const service = await startService({
      name: 'the embedded database',
      command: process.execPath,
      args: [findProgram('./pglite-process'), join(home, 'postgres'), socket],
      env,
      logFile: join(folder, 'database.log'),
      recordFile,
      address: socket,
      readyWord: 'serving',
      isReady: () => answers(databaseUrl),
      readyLimitMs: READY_LIMIT_MS,
      stopGraceMs: STOP_GRACE_MS,
    });
    const stop = async (): Promise<void> => {
      await service.stop();
      place.remove();
    };
    return { databaseUrl, pid: service.pid, ended: service.ended, stop };
  } catch (error) {
    place.remove();
    throw error;
  }
}

/**
 * The folder itself if its path is short enough for a socket, otherwise a private one in the temporary
 * folder.
 */
function chooseSocketFolder(folder: string): { readonly folder: string; readonly remove: () => void } {
  if (Buffer.byteLength(join(folder, `.s.PGSQL.${SOCKET_NUMBER}`)) <= LONGEST_SOCKET_PATH)
    return { folder, remove: () => {} };
  const made = mkdtempSync(join(tmpdir(), 'windlass-socket-'));
  return { folder: made, remove: () => rmSync(made, { recursive: true, force: true }) };
}

async function answers(databaseUrl: string): Promise<boolean> {
  const client = new Client({ connectionString: databaseUrl, connectionTimeoutMillis: 2_000 });
  client.on('error', () => {
    // A connection that breaks while the server starts; the next poll opens another.
  });
  try {
    await client.connect();
    await client.query('select 1');
    return true;
  } finally {
    await client.end();
  }
}
