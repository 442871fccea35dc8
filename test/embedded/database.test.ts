import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
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

it('listens on loopback only', async () => {
  const database = running.at(-1);
  expect(database).toBeDefined();
  const { address } = JSON.parse(readFileSync(join(home, 'run', 'database.json'), 'utf8')) as {
    address: string;
  };
  expect(address).toMatch(/^127\.0\.0\.1:\d+$/);
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
