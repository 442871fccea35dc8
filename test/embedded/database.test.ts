import {
  cpSync,
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, expect, it, vi } from 'vitest';
import { startDatabase } from '../../src/embedded/index.ts';

const home = mkdtempSync(join(tmpdir(), 'windlass-database-'));
// Real servers: a few seconds each, far longer where other tests use the machine too.
vi.setConfig({ testTimeout: 180_000 });
const running: { stop(): Promise<void> }[] = [];
const lines: string[] = [];

async function start() {
  const database = await startDatabase({ home, env: process.env, report: (line) => lines.push(line) });
  running.push(database);
  return database;
}

function listFiles(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name));
}

async function query(databaseUrl: string, text: string, values: unknown[] = []): Promise<unknown[]> {
  const client = new Client({ connectionString: databaseUrl });
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query(text, values)).rows;
  } finally {
    await client.end().catch(() => {});
  }
}

afterAll(async () => {
  for (const database of running) await database.stop();
  rmSync(home, { recursive: true, force: true });
});

it('keeps every confirmed row when it is killed in the middle of writing, and starts again on its folder', async () => {
  const first = await start();
  await query(first.databaseUrl, 'create table item (id int primary key)');
  let confirmed = 0;
  const writing = (async () => {
    const client = new Client({ connectionString: first.databaseUrl });
    client.on('error', () => {});
    await client.connect();
    for (let id = 1; ; id += 1) {
      await client.query('insert into item values ($1)', [id]);
      confirmed = id;
      if (id === 50) process.kill(first.pid, 'SIGKILL');
    }
  })();
  await expect(writing).rejects.toThrow();
  await first.ended;
  expect(confirmed).toBeGreaterThanOrEqual(50);

  const second = await start();
  const rows = await query(second.databaseUrl, 'select count(*)::int as count, max(id) as max from item');
  expect(rows).toEqual([{ count: expect.any(Number), max: expect.any(Number) }]);
  const [{ count }] = rows as [{ count: number }];
  // One that was written but not confirmed may be there too.
  expect(count).toBeGreaterThanOrEqual(confirmed);
  expect(count).toBeLessThanOrEqual(confirmed + 1);
  expect(second.databaseUrl).toBe(first.databaseUrl);
});

it('listens on a socket in a folder that only its owner can enter, and its files are the owner’s alone', async () => {
  expect(running.at(-1)).toBeDefined();
  const { address } = JSON.parse(readFileSync(join(home, 'run', 'database.json'), 'utf8')) as {
    address: string;
  };
  expect(address).toBe(join(home, 'run', '.s.PGSQL.5432'));
  const open = [join(home, 'run'), ...listFiles(join(home, 'postgres')), address].filter(
    (path) => (lstatSync(path).mode & 0o077) !== 0,
  );
  expect(open).toEqual([]);
});

it('serves also where the path of its home is too long for a socket', { timeout: 240_000 }, async () => {
  const long = join(home, 'long'.repeat(30));
  const database = await startDatabase({ home: long, env: process.env, report: () => {} });
  try {
    expect(await query(database.databaseUrl, 'select 1 as one')).toEqual([{ one: 1 }]);
    const folder = new URL(database.databaseUrl).searchParams.get('host') ?? '';
    expect(lstatSync(folder).mode & 0o077).toBe(0);
  } finally {
    await database.stop();
  }
});

it('ends a database that a killed stack has left, and never opens one folder twice', async () => {
  const third = await start();
  expect(lines).toContain('ended a database process that a killed stack had left');
  // A copy that knows nothing of the record, as after a lost file, is refused by the folder's own lock.
  rmSync(join(home, 'run', 'database.json'));
  await expect(start()).rejects.toMatchObject({
    kind: 'unavailable',
    code: 'SERVICE_FAILED',
    message: expect.stringContaining(`process ${third.pid} has the database folder`),
  });
  await third.stop();
  await expect(query(third.databaseUrl, 'select 1')).rejects.toThrow();
});

// Last: the database of the tests before is copied, and each copy damaged in another way.
it.each<readonly [string, (folder: string) => void]>([
  ['an empty pg_control', (folder) => writeFileSync(join(folder, 'global/pg_control'), Buffer.alloc(400))],
  ['a write-ahead log that is cut off', (folder) => cutFiles(join(folder, 'pg_wal'))],
  ['another version', (folder) => writeFileSync(join(folder, 'PG_VERSION'), '12\n')],
  ['no PG_VERSION', (folder) => rmSync(join(folder, 'PG_VERSION'))],
])('says of a folder with %s that it is damaged, and what to do, and leaves it', async (_name, damage) => {
  const copy = mkdtempSync(join(tmpdir(), 'windlass-damaged-'));
  const folder = join(copy, 'postgres');
  try {
    cpSync(join(home, 'postgres'), folder, { recursive: true });
    damage(folder);
    const before = listFiles(folder).length;
    const start = startDatabase({ home: copy, env: process.env, report: () => {} });
    await expect(start).rejects.toMatchObject({
      kind: 'unavailable',
      code: 'DATABASE_DAMAGED',
      message: expect.stringMatching(
        new RegExp(`^the embedded database in ${folder} cannot be opened: it is damaged[^\n]*deleted$`),
      ),
      hint: expect.stringContaining(`move ${folder} away`),
    });
    expect(listFiles(folder).length).toBeGreaterThanOrEqual(before - 1);
    expect(existsSync(join(folder, 'base'))).toBe(true);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
});

function cutFiles(folder: string): void {
  for (const name of readdirSync(folder).filter((one) => /^[0-9A-F]{24}$/.test(one)))
    truncateSync(join(folder, name), 100);
}
