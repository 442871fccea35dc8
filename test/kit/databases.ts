import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { copyCachedFolder } from './cached-folders.ts';

/** A database of the test's own, on a socket file, or on loopback and a free port. */
export interface TestDatabase {
  readonly databaseUrl: string;
  /** Where the server keeps its files. */
  readonly folder: string;
  /** Ends the server and removes its files. */
  stop(): Promise<void>;
}

const PGLITE_PROCESS = fileURLToPath(new URL('../../src/embedded/pglite-process.ts', import.meta.url));
const PGLITE_VERSION = readPgliteVersion();
const POSTGRES_FOLDER = '/usr/lib/postgresql';
const START_LIMIT_MS = 60_000;

/** The embedded database, as the product runs it: PGlite behind its socket server, in a process of its own. */
export async function startPglite(): Promise<TestDatabase> {
  const folder = mkdtempSync(join(tmpdir(), 'windlass-pglite-'));
  await copyNewPglite(join(folder, 'data'));
  return await servePglite(folder);
}

/**
 * Puts a new, empty database of PGlite where none exists yet. Creating one takes five seconds of CPU; the
 * tests of a first start let the product do it (test/embedded/database.test.ts).
 */
export async function copyNewPglite(data: string): Promise<void> {
  await copyCachedFolder(`pglite-${PGLITE_VERSION}`, data, async (folder) => {
    const work = mkdtempSync(join(tmpdir(), 'windlass-pglite-'));
    await (await servePglite(work, folder)).stop();
  });
}

/** Serves `data` on a socket in `folder`, which `stop` removes. */
async function servePglite(folder: string, data = join(folder, 'data')): Promise<TestDatabase> {
  const socket = join(folder, '.s.PGSQL.5432');
  const server = spawn(process.execPath, [PGLITE_PROCESS, data, socket], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const databaseUrl = `postgres://postgres@localhost:5432/postgres?host=${encodeURIComponent(folder)}`;
  return await whenReady(server, { databaseUrl, folder, signal: 'SIGTERM' });
}

/** Whether `startPostgres` has something to start. */
export function isPostgresInstalled(): boolean {
  return findPostgresPrograms() !== null;
}

/** PostgreSQL as the distribution installs it; null if none is installed. */
export async function startPostgres(): Promise<TestDatabase | null> {
  const programs = findPostgresPrograms();
  if (programs === null) return null;
  const folder = mkdtempSync(join(tmpdir(), 'windlass-postgres-'));
  const account = findServerAccount();
  if (account !== null) chownSync(folder, account.uid, account.gid);
  const data = join(folder, 'data');
  const options = { cwd: folder, ...account };
  await copyCachedFolder(`postgres-${basename(dirname(programs))}`, data, async (made) => {
    if (account !== null) chownSync(dirname(made), account.uid, account.gid);
    execFileSync(
      join(programs, 'initdb'),
      ['-D', made, '-U', 'postgres', '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync'],
      { ...options, stdio: 'ignore' },
    );
  });
  const port = await findFreePort();
  const settings = [`port=${port}`, 'listen_addresses=127.0.0.1', 'unix_socket_directories=', 'fsync=off'];
  const server = spawn(
    join(programs, 'postgres'),
    ['-D', data, ...settings.flatMap((setting) => ['-c', setting])],
    {
      ...options,
      stdio: 'ignore',
    },
  );
  // SIGINT is PostgreSQL's fast shutdown: it does not wait for clients.
  const databaseUrl = `postgres://postgres@127.0.0.1:${port}/postgres`;
  return await whenReady(server, { databaseUrl, folder, signal: 'SIGINT' });
}

/** Does something over a connection of its own, which the stores do not know. */
export async function withClient<Result>(
  databaseUrl: string,
  use: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

/** A port of loopback on which nothing listens. */
export async function findFreePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('the port of a server is unknown');
  return address.port;
}

interface ServerFacts {
  readonly databaseUrl: string;
  readonly folder: string;
  readonly signal: NodeJS.Signals;
}

async function whenReady(server: ChildProcess, facts: ServerFacts): Promise<TestDatabase> {
  const { databaseUrl } = facts;
  const ended = new Promise<void>((resolve) => server.once('exit', () => resolve()));
  const stop = async (): Promise<void> => {
    if (server.exitCode === null && server.signalCode === null) server.kill(facts.signal);
    await ended;
    rmSync(facts.folder, { recursive: true, force: true });
  };
  const deadline = Date.now() + START_LIMIT_MS;
  while (!(await answers(databaseUrl))) {
    const gone = server.exitCode !== null || server.signalCode !== null;
    if (gone || Date.now() > deadline) {
      await stop();
      throw new Error(`a database server ${gone ? 'ended' : 'did not answer'} while it was to start`);
    }
    await setTimeout(50);
  }
  return { databaseUrl, folder: facts.folder, stop };
}

async function answers(databaseUrl: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: databaseUrl });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('select 1');
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

function findPostgresPrograms(): string | null {
  if (!existsSync(POSTGRES_FOLDER)) return null;
  const folders = readdirSync(POSTGRES_FOLDER)
    .sort((left, right) => Number(right) - Number(left))
    .map((version) => join(POSTGRES_FOLDER, version, 'bin'));
  return folders.find((folder) => existsSync(join(folder, 'initdb'))) ?? null;
}

/** PostgreSQL refuses to run as root; its package comes with an account for it. */
function findServerAccount(): { readonly uid: number; readonly gid: number } | null {
  if (process.getuid?.() !== 0) return null;
  const read = (flag: string): number => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: read('-u'), gid: read('-g') };
}

function readPgliteVersion(): string {
  const program = createRequire(import.meta.url).resolve('@electric-sql/pglite');
  const text = readFileSync(join(dirname(program), '..', 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
