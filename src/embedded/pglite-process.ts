import { rmSync } from 'node:fs';
import { PGlite } from '@electric-sql/pglite';
import { PGLiteSocketServer } from '@electric-sql/pglite-socket';
import { keepPipelinesWhole } from './keep-pipelines-whole.ts';
import { acquireProcessLock } from './process-lock.ts';

// The program of the embedded database: PGlite on a folder, behind a socket server on loopback.
// Arguments: folder, port. It holds the folder's lock itself, so that whoever starts it, and
// whatever dies, never two of them write to one folder.

const MAX_CONNECTIONS = 100;
const EXIT_LOCKED = 3;
const EXIT_PORT = 4;

function fail(message: string, exitCode: number): never {
  process.stderr.write(`${message}\n`);
  process.exit(exitCode);
}

const [folder, port] = process.argv.slice(2);
if (folder === undefined || port === undefined) fail('usage: pglite-process FOLDER PORT', 2);
const lock = acquireProcessLock(`${folder}.lock`);
if ('holderPid' in lock)
  fail(`process ${lock.holderPid} has the database folder ${folder} open`, EXIT_LOCKED);

// A shut-down that was cut off leaves it, and the next start would believe that a server runs.
rmSync(`${folder}/postmaster.pid`, { force: true });
const database = await PGlite.create({ dataDir: folder });
const server = new PGLiteSocketServer({
  db: keepPipelinesWhole(database),
  host: '127.0.0.1',
  port: Number(port),
  maxConnections: MAX_CONNECTIONS,
});
try {
  await server.start();
} catch (error) {
  await database.close();
  if ('release' in lock) lock.release();
  fail(error instanceof Error ? error.message : String(error), EXIT_PORT);
}
process.stdout.write(`serving ${folder} on port ${port}\n`);

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
