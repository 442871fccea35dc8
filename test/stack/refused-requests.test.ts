import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StartedJob } from '../../src/client/index.ts';
import { startStack, type TestStack } from '../kit/stack.ts';
import { rejectedCodes } from '../kit/outcomes.ts';
import { runCli } from './run-cli.ts';
import { createLocalRuntime, RUNTIME } from './secret-cluster.ts';

const PACKAGE = fileURLToPath(new URL('./run-once-package', import.meta.url));
const CHART = fileURLToPath(new URL('../fixtures/charts/web', import.meta.url));
const LIMIT_MS = 180_000;

let stack: TestStack;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'windlass-refused-'));
  stack = await startStack();
  await stack.startWorker();
  await createLocalRuntime(stack, '127.97.0.0/16');
});
afterAll(async () => {
  await stack.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** How many rows a request could have left. */
async function countStored(): Promise<Readonly<Record<string, number>>> {
  const client = new pg.Client({ connectionString: stack.databaseUrl });
  await client.connect();
  try {
    const counts: Record<string, number> = {};
    for (const table of ['app_version', 'app_part', 'cluster', 'job', 'cluster_secret']) {
      const { rows } = await client.query<{ count: string }>(`select count(*) from ${table}`);
      counts[table] = Number(rows[0]?.count);
    }
    return counts;
  } finally {
    await client.end();
  }
}

const create = (change: object = {}): Promise<StartedJob> =>
  stack.client.clusters.create({ app: PACKAGE, runtime: RUNTIME, ...change });
const end = (job: StartedJob) =>
  stack.client.jobs.wait(job.jobId, { clusterId: job.clusterId, timeoutMs: LIMIT_MS });

describe('a create that is refused leaves nothing', { timeout: LIMIT_MS }, () => {
  const cases: readonly (readonly [string, object, string])[] = [
    ['a value that its form does not allow', { settings: { 'cluster.count': '9' } }, 'CONF_INVALID'],
    ['a setting that its form does not know', { settings: { 'cluster.colour': 'red' } }, 'CONF_INVALID'],
    ['a name that cannot be', { name: 'a\nb' }, 'CLUSTER_NAME'],
    ['the name of an id', { name: 'cl-v2ts537oe2' }, 'CLUSTER_NAME'],
    ['a name in its conf that cannot be', { conf: { cluster: { name: '../x' } } }, 'CLUSTER_NAME'],
    ['a runtime that is not there', { runtime: 'nowhere' }, 'RUNTIME_NOT_FOUND'],
    ['a request id that cannot be', { requestId: '' }, 'REQUEST_ID'],
    ['a chart for a runtime of machines', { app: CHART }, 'APP_INVALID'],
  ];

  it.each(cases)('%s', async (_what, change, code) => {
    const before = await countStored();
    await expect(create(change)).rejects.toMatchObject({ code });
    expect(await countStored()).toEqual(before);
    expect(await stack.client.apps.list()).toEqual([]);
  });

  it('from the command line too, with exit code 2', async () => {
    const file = join(folder, 'conf.json');
    writeFileSync(file, JSON.stringify({ cluster: { count: 99 } }));
    const args = ['cluster', 'create', '--app', PACKAGE, '--runtime', RUNTIME];
    for (const more of [
      ['--conf', file],
      ['--name', ''],
      ['--name', '-x'],
      ['--name', 'x'.repeat(300)],
    ]) {
      expect((await runCli(stack.env, [...args, ...more])).exitCode).toBe(2);
    }
    expect(await countStored()).toMatchObject({ app_version: 0, app_part: 0, cluster: 0, job: 0 });
  });
});

describe('names of living clusters', { timeout: LIMIT_MS }, () => {
  it('belong to one cluster, even if several are requested at once', async () => {
    const asked = await Promise.allSettled([create({ name: 'one' }), create({ name: 'one' })]);
    const jobs = asked.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    // Where both were asked for before either was stored, the later job says it.
    const ended = await Promise.all(jobs.map(end));
    const refusals = [...rejectedCodes(asked), ...ended.flatMap(({ error }) => error?.code ?? [])];
    expect(refusals).toEqual(['CLUSTER_NAME_TAKEN']);
    const named = (await stack.client.clusters.list()).filter(({ name }) => name === 'one');
    expect(named).toHaveLength(1);
    const before = await countStored();
    await expect(create({ name: 'one' })).rejects.toMatchObject({
      kind: 'conflict',
      code: 'CLUSTER_NAME_TAKEN',
      message: expect.stringContaining(named[0]?.clusterId ?? '') as string,
    });
    await expect(create({ conf: { cluster: { name: 'one' } } })).rejects.toMatchObject({
      code: 'CLUSTER_NAME_TAKEN',
    });
    expect(await countStored()).toEqual(before);
    expect((await stack.client.apps.list()).map(({ appName }) => appName)).toEqual(['owed']);
  });

  it('are made from the app’s where none is given, numbered, also at once', async () => {
    const jobs = await Promise.all([create(), create()]);
    expect((await Promise.all(jobs.map(end))).map(({ status }) => status)).toEqual([
      'successful',
      'successful',
    ]);
    const names = (await stack.client.clusters.list()).map(({ name }) => name);
    expect(names.sort()).toEqual(['one', 'owed', 'owed-2']);
  });
});
