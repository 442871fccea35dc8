import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { findCacheFolder } from '../../src/config/index.ts';
import { findFreePort, findTemporalServer, startTemporalServer } from '../../src/embedded/index.ts';
import { SEARCH_ATTRIBUTES } from '../../src/protocol/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'windlass-temporal-'));
// Real servers: a few seconds each, far longer where other tests use the machine too.
vi.setConfig({ testTimeout: 180_000 });
const running: { stop(): Promise<void> }[] = [];
const lines: string[] = [];
const report = (line: string): void => void lines.push(line);
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('TEMPORAL_')));
let binary: string;

async function start(ports: { port?: number; uiPort?: number } = {}) {
  const server = await startTemporalServer({
    binary,
    databaseFile: join(folder, 'temporal.db'),
    folder,
    env,
    report,
    ...ports,
  });
  running.push(server);
  return server;
}

async function withClient<Result>(
  address: string,
  work: (client: Client) => Promise<Result>,
): Promise<Result> {
  const connection = await Connection.connect({ address });
  try {
    return await work(new Client({ connection }));
  } finally {
    await connection.close();
  }
}

beforeAll(async () => {
  const source = await findTemporalServer({ cache: findCacheFolder(process.env), env, report });
  if (source.kind !== 'binary') throw new Error('the environment of this test names no server');
  binary = source.path;
  expect(source.description).not.toBe('');
});

afterAll(async () => {
  for (const server of running) await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

it('keeps workflows and search attributes when it is killed, and starts again at the same address', async () => {
  const first = await start({ port: await findFreePort(), uiPort: await findFreePort() });
  await withClient(first.address, (client) =>
    client.workflow.start('anything', { workflowId: 'kept', taskQueue: 'nobody' }),
  );
  process.kill(first.pid, 'SIGKILL');
  await first.ended;

  const second = await start();
  expect(second.address).toBe(first.address);
  await withClient(second.address, async (client) => {
    expect((await client.workflow.getHandle('kept').describe()).status.name).toBe('RUNNING');
    const { customAttributes } = await client.connection.operatorService.listSearchAttributes({
      namespace: 'default',
    });
    expect(Object.keys(customAttributes)).toEqual(expect.arrayContaining(Object.values(SEARCH_ATTRIBUTES)));
  });
  expect((await fetch(second.uiUrl)).ok).toBe(true);
});

it('ends a server that a killed stack has left, and is gone after stop', async () => {
  const server = await start();
  expect(lines).toContain('ended a Temporal server that a killed stack had left');
  await server.stop();
  await expect(Connection.connect({ address: server.address, connectTimeout: 500 })).rejects.toThrow();
});

it('says in one line that a chosen port is taken, and starts nothing', async () => {
  const blocker = createServer();
  const port = await findFreePort();
  await new Promise<void>((resolve) => blocker.listen(port, '127.0.0.1', resolve));
  try {
    await expect(start({ port })).rejects.toMatchObject({
      kind: 'conflict',
      code: 'PORT_TAKEN',
      message: expect.stringContaining(String(port)),
    });
  } finally {
    await new Promise((resolve) => blocker.close(resolve));
  }
});

it('does not take another stack’s server for its own when both choose one port at the same moment', async () => {
  const folders = [mkdtempSync(join(folder, 'one-')), mkdtempSync(join(folder, 'two-'))];
  const port = await findFreePort();
  const servers = await Promise.all(
    folders.map((own) => {
      // What a last start has left: both want the same port again.
      writeFileSync(
        join(own, 'temporal.last.json'),
        JSON.stringify({ pid: 1, startTime: '', address: `127.0.0.1:${port}` }),
      );
      return startTemporalServer({
        binary,
        databaseFile: join(own, 'temporal.db'),
        folder: own,
        env,
        report,
      });
    }),
  );
  running.push(...servers);
  expect(servers[0]?.address).not.toBe(servers[1]?.address);
  expect(servers[0]?.pid).not.toBe(servers[1]?.pid);
});
