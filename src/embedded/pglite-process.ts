import fs, { rmSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { PGlite } from '@electric-sql/pglite';
import { PGLiteSocketServer } from '@electric-sql/pglite-socket';
import { WindlassError } from '../domain/index.ts';
import { checkDatabaseFolder, databaseDamaged, markUnfinished, unmarkUnfinished } from './database-folder.ts';
import { wrapPipelines } from './pglite-pipelines.ts';
import { acquireProcessLock } from './process-lock.ts';
import { reportFailure } from './service-failure.ts';

// The program of the embedded database: PGlite on a folder, behind a server on a socket file, which only
// those reach who may enter the socket's folder. Arguments: folder, socket. It holds the folder's lock
// itself, so that two of them never write to one folder, however they are started and whichever process dies.

const MAX_CONNECTIONS = 100;
const EXIT_LOCKED = 3;
const EXIT_SOCKET = 4;
const EXIT_DAMAGED = 5;

process.umask(0o077);
keepModesClosed();

function fail(message: string, exitCode: number): never {
  process.stderr.write(`${message}\n`);
  process.exit(exitCode);
}

/** PGlite sets the modes of its files itself, open to everybody, whatever the umask says. */
function keepModesClosed(): void {
  const { chmodSync } = fs;
  fs.chmodSync = (path, mode) => chmodSync(path, Number(mode) & ~0o077);
  syncBuiltinESMExports();
}

async function openDatabase(folder: string): Promise<PGlite> {
  try {
    checkDatabaseFolder(folder);
    // A shut-down that was cut off leaves it, and the next start would believe that a server runs.
    rmSync(`${folder}/postmaster.pid`, { force: true });
    markUnfinished(folder);
    const opened = await PGlite.create({ dataDir: folder });
    unmarkUnfinished(folder);
    return opened;
  } catch (error) {
    reportFailure(WindlassError.isInstance(error) ? error : databaseDamaged(folder, error));
    return process.exit(EXIT_DAMAGED);
  }
}

const [folder, socket] = process.argv.slice(2);
if (folder === undefined || socket === undefined) fail('usage: pglite-process FOLDER SOCKET', 2);
const lock = acquireProcessLock(`${folder}.lock`);
if ('holderPid' in lock)
  fail(`process ${lock.holderPid} has the database folder ${folder} open`, EXIT_LOCKED);

const database = await openDatabase(folder);
// One that a killed server has left; a running server would hold the lock.
rmSync(socket, { force: true });
const server = new PGLiteSocketServer({
  db: wrapPipelines(database),
  path: socket,
  maxConnections: MAX_CONNECTIONS,
});
try {
  await server.start();
} catch (error) {
  await database.close();
  lock.release();
  fail(error instanceof Error ? error.message : String(error), EXIT_SOCKET);
}
process.stdout.write(`serving ${folder} at ${socket}\n`);

let stopping = false;
async function stop(): Promise<void> {
  if (stopping) return;
  stopping = true;
  await server.stop();
  await database.close();
  if ('release' in lock) lock.release();
  process.exit(0);
}
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => void stop());
