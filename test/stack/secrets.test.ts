import { randomUUID } from 'node:crypto';
import { statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openLocalCloud } from '../../src/providers/local/index.ts';
import { startStack, type TestStack, type TestWorker } from '../kit/stack.ts';
import { findFilesWith, holdsSecret } from './find-secret.ts';
import { runCli, type CliRun } from './run-cli.ts';
import { RIGHT_ACCESS_KEY_ID } from './credential-checking-provider.ts';
import {
  countResources,
  listInstances,
  SECRET_PACKAGE,
  secretPackageConf,
  cloudFolder,
} from './secret-cluster.ts';

const PASSWORD = 'planted-password-8c1f6e';
/** Refused, because its form wants letters, digits and dashes. */
const REFUSED_PASSWORD = 'planted refused password 5d20b7';
const CREDENTIAL = 'planted-credential-a94e03';
const REFUSED_CREDENTIAL = 'planted-refused-credential-71be5f';
const PLANTED = [PASSWORD, REFUSED_PASSWORD, CREDENTIAL, REFUSED_CREDENTIAL];
const PROVIDER = fileURLToPath(new URL('./credential-checking-provider.ts', import.meta.url));
const LIFE_LIMIT_MS = 300_000;

let stack: TestStack;
let worker: TestWorker;
/** All that was typed and answered, so that it is searched too. */
const runs: CliRun[] = [];

async function windlass(args: readonly string[], input = ''): Promise<CliRun> {
  const run = await runCli(stack.env, args, { input });
  runs.push(run);
  return run;
}

async function createCluster(name: string, start: 'well' | 'fails'): Promise<CliRun> {
  const conf = JSON.stringify(secretPackageConf({ password: PASSWORD, start }));
  return windlass(
    ['cluster', 'create', '--app', SECRET_PACKAGE, '--runtime', 'account', '--name', name, '--conf', '-'],
    conf,
  );
}

function toCredential(accessKeyId: string, secretAccessKey: string): string {
  return JSON.stringify({ accessKeyId, secretAccessKey });
}

/** A whole life in which everything that knows a secret says it where it can. */
beforeAll(async () => {
  stack = await startStack({ env: { WINDLASS_PROVIDERS: PROVIDER, WINDLASS_LOG_LEVEL: 'trace' } });
  worker = await stack.startWorker();
  const runtime = ['runtime', 'create', 'account', '--provider', 'sealed', '--zone', 'local-1'];
  const options = [...runtime, '--set', 'addressRange=127.94.0.0/16', '--credential', '-'];
  expect((await windlass(options, toCredential('another', REFUSED_CREDENTIAL))).exitCode).toBe(3);
  expect((await windlass(options, toCredential(RIGHT_ACCESS_KEY_ID, CREDENTIAL))).exitCode).toBe(0);

  const create = ['cluster', 'create', '--app', SECRET_PACKAGE, '--runtime', 'account'];
  expect((await windlass([...create, '--set', `env.password=${REFUSED_PASSWORD}`])).exitCode).toBe(2);
  const refused = JSON.stringify(secretPackageConf({ password: REFUSED_PASSWORD }));
  expect((await windlass([...create, '--conf', '-'], refused)).exitCode).toBe(2);
  expect((await windlass([...create, '--conf', '-'], `{"env": {"password": "${PASSWORD}"`)).exitCode).toBe(2);

  expect((await createCluster('failing', 'fails')).exitCode).toBe(4);
  expect((await windlass(['cluster', 'delete', 'failing'])).exitCode).toBe(0);
  expect((await createCluster('kept', 'well')).exitCode).toBe(0);
  for (const args of [
    ['cluster', 'describe', 'kept', '--refresh', '--json'],
    ['cluster', 'stop', 'kept', '--json'],
    ['cluster', 'start', 'kept'],
    ['runtime', 'describe', 'account', '--json'],
    ['job', 'list', '--json'],
  ]) {
    expect((await windlass(args)).exitCode).toBe(0);
  }
  for (const { jobId } of await stack.client.jobs.list()) {
    expect((await windlass(['job', 'describe', jobId, '--json'])).exitCode).toBe(0);
  }
}, LIFE_LIMIT_MS);
afterAll(() => stack.stop());

describe('a password and a credential that were planted', () => {
  it('were really printed: the failed service printed the password, and its job shows that, masked', async () => {
    const [failed] = (await stack.client.jobs.list()).filter(({ status }) => status === 'failed');
    expect(failed?.error).toMatchObject({
      code: 'SERVICE_FAILED',
      message: expect.stringMatching(/the password is \*{6}[^]*on the other stream: \*{6}/) as string,
    });
    expect(worker.log()).toContain('signing with [redacted]');
  });

  it('were really printed for a node that was described, masked', () => {
    expect(runs.some(({ stdout }) => stdout.includes('asked with [redacted]'))).toBe(true);
  });

  it('are on the nodes where the program needs them, for their owner alone', async () => {
    const instances = await listInstances(stack);
    expect(instances).toHaveLength(2);
    for (const { root } of instances) {
      const file = join(root, 'etc/windlass/metadata.json');
      expect(await readFile(file, 'utf8')).toContain(PASSWORD);
      expect(statSync(file).mode & 0o777).toBe(0o600);
    }
  });

  it('are in no other file of WINDLASS_HOME but what the program itself has printed on its node', async () => {
    const roots = (await listInstances(stack)).map(({ root }) => root.slice(stack.home.length + 1));
    const files = await findFilesWith(stack.home, PASSWORD);
    const ofNodes = /^\/(etc\/windlass\/metadata\.json|var\/lib\/windlass\/run\/[^/]+\/output[.\w]*)$/;
    const others = files.filter((file) => {
      const root = roots.find((folder) => file.startsWith(folder));
      return root === undefined || !ofNodes.test(file.slice(root.length));
    });
    expect(others).toEqual([]);
    expect(files.length).toBeGreaterThanOrEqual(4);
    for (const file of files) expect(statSync(join(stack.home, file)).mode & 0o077).toBe(0);
    for (const secret of PLANTED.filter((one) => one !== PASSWORD)) {
      expect(await findFilesWith(stack.home, secret)).toEqual([]);
    }
  });

  it('are in no environment and no command line of a process of the nodes', async () => {
    expect((await countResources(stack)).programs).toBe(2);
    for (const { pid } of await openLocalCloud(cloudFolder(stack)).listProcesses()) {
      for (const file of ['environ', 'cmdline']) {
        const content = await readFile(`/proc/${pid}/${file}`).catch(() => '');
        expect(findPlanted(content)).toEqual([]);
      }
    }
  });

  it('are in no history, no standalone activity, and no file of the Temporal server', async () => {
    const connection = await Connection.connect({ address: stack.temporal.address });
    const { namespace } = stack.temporal;
    const client = new Client({ connection, namespace });
    try {
      let histories = 0;
      for await (const { workflowId, runId } of client.workflow.list()) {
        const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
        expect(findPlanted(toText(history))).toEqual([]);
        histories += 1;
      }
      // create, delete, create, stop, start
      expect(histories).toBe(5);
      let activities = 0;
      for await (const { activityId, activityRunId: runId } of client.activity.list('')) {
        const description = await connection.workflowService.describeActivityExecution({
          namespace,
          activityId,
          runId: runId ?? '',
          includeInput: true,
          includeOutcome: true,
        });
        expect(findPlanted(toText(description))).toEqual([]);
        activities += 1;
      }
      expect(activities).toBeGreaterThan(20);
    } finally {
      await connection.close();
    }
    const folder = dirname(stack.temporal.databaseFile);
    const [job] = await stack.client.jobs.list();
    // What it stores is found by this search, so a secret would be.
    expect(await findFilesWith(folder, job?.clusterId ?? 'no job')).not.toEqual([]);
    for (const secret of PLANTED) expect(await findFilesWith(folder, secret)).toEqual([]);
  });

  it('are in no row of the database', async () => {
    const database = new pg.Client({ connectionString: stack.databaseUrl });
    await database.connect();
    try {
      const tables = await database.query<{ name: string }>(
        `select quote_ident(tablename) as name from pg_tables where schemaname = 'public'`,
      );
      let rows = 0;
      for (const { name } of tables.rows) {
        // A row as text holds bytea in hex.
        const dump = await database.query<{ row: string }>(`select t::text as row from ${name} t`);
        rows += dump.rows.length;
        expect(findPlanted(dump.rows.map(({ row }) => row).join('\n')), name).toEqual([]);
      }
      expect(rows).toBeGreaterThan(50);
    } finally {
      await database.end();
    }
  });

  it('are in no log of a worker and in nothing that the command line answered', () => {
    expect(worker.log().length).toBeGreaterThan(1_000);
    expect(findPlanted(worker.log())).toEqual([]);
    for (const { stdout, stderr } of runs) expect(findPlanted(stdout + stderr)).toEqual([]);
  });
});

describe('the search itself', () => {
  it('finds a secret as it is, in hex, and in base64 wherever it begins', () => {
    const text = `{"id":"${randomUUID()}","password":"${PASSWORD}"}`;
    for (let shift = 0; shift < 3; shift += 1) {
      const shifted = 'x'.repeat(shift) + text;
      expect(findPlanted(Buffer.from(shifted).toString('base64'))).toEqual([PASSWORD]);
      expect(findPlanted(Buffer.from(shifted).toString('hex'))).toEqual([PASSWORD]);
    }
    expect(findPlanted(text)).toEqual([PASSWORD]);
    expect(findPlanted(text.replace(PASSWORD, ''))).toEqual([]);
  });
});

function findPlanted(content: string | Buffer): readonly string[] {
  return PLANTED.filter((secret) => holdsSecret(content, secret));
}

/** Protobuf messages hold payloads as bytes; here they become base64, which the search reads. */
function toText(message: unknown): string {
  return JSON.stringify(message, (_, value: unknown) =>
    value instanceof Uint8Array
      ? Buffer.from(value).toString('base64')
      : isJsonBuffer(value)
        ? Buffer.from(value.data).toString('base64')
        : typeof value === 'bigint'
          ? value.toString()
          : value,
  );
}

/** A Buffer turns itself into this before a replacer sees it. */
function isJsonBuffer(value: unknown): value is { readonly data: readonly number[] } {
  return (
    typeof value === 'object' &&
    value !== null &&
    'type' in value &&
    value.type === 'Buffer' &&
    'data' in value &&
    Array.isArray(value.data)
  );
}
