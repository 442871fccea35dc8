import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createRequestsClient } from '../../src/client/requests-client.ts';
import type { Conf } from '../../src/domain/index.ts';
import type { CreateClusterInput, Requests, RuntimeInput, RuntimeUpdate } from '../../src/protocol/index.ts';
import { bindConf, sealSecret } from '../../src/secrets/index.ts';
import { withClient } from '../kit/databases.ts';
import { startStack, type TestStack } from '../kit/stack.ts';
import { runCli, type CliRun } from './run-cli.ts';
import { SECRET_PACKAGE, secretPackageConf } from './secret-cluster.ts';

const PROVIDER = fileURLToPath(new URL('./calling-provider.ts', import.meta.url));
const SECRET = 'planted-bound-credential-71c3';
const CREDENTIAL = JSON.stringify({ accessKeyId: 'known', secretAccessKey: SECRET });
const SETTINGS = { addressRange: '127.95.0.0/16', authority: 'first' };
const LIMIT_MS = 240_000;

/** A cloud's API, or a server that imitates it. */
interface Address {
  readonly url: string;
  /** What each connection has received so far. */
  readonly heard: readonly string[];
  readonly connections: () => number;
  readonly server: Server;
}

async function listen(): Promise<Address> {
  const heard: string[] = [];
  let connections = 0;
  const server = createServer((request, response) => {
    heard.push(request.headers.authorization ?? '');
    response.end('{}');
  });
  server.on('connection', () => (connections += 1));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, heard, connections: () => connections, server };
}

let stack: TestStack;
let requests: Requests;
let connection: Connection;
let own: Address;
let other: Address;

const windlass = (args: readonly string[], input = ''): Promise<CliRun> => runCli(stack.env, args, { input });

/** The input of a client's read, as Temporal stores it for every user who may read it. */
function readSent<T>(name: string, isWanted: (input: T) => boolean): Promise<T> {
  // Temporal's list is eventually consistent.
  return vi.waitFor(() => findSent(name, isWanted), { timeout: 30_000, interval: 200 });
}

async function findSent<T>(name: string, isWanted: (input: T) => boolean): Promise<T> {
  const { namespace } = stack.temporal;
  const client = new Client({ connection, namespace });
  for await (const { activityId, activityRunId } of client.activity.list('')) {
    if (!activityId.startsWith(`${name}/`)) continue;
    const description = await connection.workflowService.describeActivityExecution({
      namespace,
      activityId,
      runId: activityRunId ?? '',
      includeInput: true,
    });
    const [payload] = description.input?.payloads ?? [];
    const input = JSON.parse(Buffer.from(payload?.data ?? []).toString()) as T;
    if (isWanted(input)) return input;
  }
  throw new Error(`no client has requested ${name}`);
}

const isOf =
  (wanted: string) =>
  (input: RuntimeInput): boolean =>
    input.name === wanted;

beforeAll(async () => {
  [stack, own, other] = await Promise.all([
    startStack({ env: { WINDLASS_PROVIDERS: PROVIDER } }),
    listen(),
    listen(),
  ]);
  await stack.startWorker();
  connection = await Connection.connect({ address: stack.temporal.address });
  const client = new Client({ connection, namespace: stack.temporal.namespace });
  requests = createRequestsClient(client, stack.temporal, 30_000);
  await stack.client.runtimes.create({
    ...{ name: 'prod', provider: 'calling', url: own.url, zone: 'local-1' },
    ...{ settings: SETTINGS, credential: CREDENTIAL, requestId: 'prod' },
  });
  expect(own.heard).toEqual([CREDENTIAL]);
}, LIMIT_MS);
afterAll(async () => {
  for (const { server } of [own, other]) server?.close();
  await connection?.close();
  await stack?.stop();
});

describe('the stored credential of a runtime', () => {
  it.each([
    ['url', (): readonly string[] => ['--url', other.url]],
    ['zone', (): readonly string[] => ['--url', own.url, '--zone', 'local-2']],
    ['authority', (): readonly string[] => ['--set', 'authority=second']],
  ])('is not sent along when the %s changes: it must be given again', async (name, change) => {
    const before = own.connections();
    const run = await windlass(['runtime', 'update', 'prod', ...change(), '--json']);
    expect(run.exitCode).toBe(2);
    expect(JSON.parse(run.stdout)).toMatchObject({
      error: {
        kind: 'invalid-input',
        code: 'CREDENTIAL_NEEDED',
        message: expect.stringContaining(name) as string,
        hint: expect.stringContaining('--credential') as string,
      },
    });
    expect([other.connections(), own.connections()]).toEqual([0, before]);
    expect((await stack.client.runtimes.describe('prod')).settings).toEqual(SETTINGS);
  });

  it('stays where nothing of its way changes, and goes there as before', async () => {
    const heard = own.heard.length;
    await stack.client.runtimes.update('prod', { settings: { bootDelayMs: '1', callsPerSecond: '50' } });
    await stack.client.runtimes.subnets('prod');
    expect(own.heard.slice(heard)).toEqual([CREDENTIAL, CREDENTIAL]);
    expect(other.connections()).toBe(0);
  });

  it.each(['url', 'zone', 'provider', 'settings', 'name'])(
    'does not open where the %s of its row was changed by hand',
    async (column) => {
      const before = own.connections();
      const wrong: Readonly<Record<string, string>> = { url: other.url, settings: '{"authority": "second"}' };
      const change = (value: string): Promise<unknown> =>
        withClient(stack.databaseUrl, (database) =>
          database.query(`update runtime set ${column} = $1 where runtime_id = $2`, [value, runtimeId]),
        );
      const { runtimeId, ...row } = await stack.client.runtimes.describe('prod');
      const kept = row[column as keyof typeof row];
      await change(wrong[column] ?? 'local');
      await expect(stack.client.runtimes.zones(runtimeId)).rejects.toMatchObject({ code: 'STORED_SECRET' });
      await change(typeof kept === 'string' ? kept : JSON.stringify(kept));
      expect([other.connections(), own.connections()]).toEqual([0, before]);
      expect(await stack.client.runtimes.zones(runtimeId)).toEqual(['local-1']);
    },
  );

  it('does not open in the row of another runtime', async () => {
    const thief = await stack.client.runtimes.create({
      ...{ name: 'thief', provider: 'calling', url: other.url, zone: 'local-1', settings: SETTINGS },
      credential: '{"accessKeyId":"own"}',
    });
    const before = other.connections();
    await withClient(stack.databaseUrl, (database) =>
      database.query(
        `update runtime set (credential_key_id, credential_sealed) =
          (select credential_key_id, credential_sealed from runtime where name = 'prod') where name = 'thief'`,
      ),
    );
    await expect(stack.client.runtimes.zones('thief')).rejects.toMatchObject({ code: 'STORED_SECRET' });
    expect(other.connections()).toBe(before);
    expect(JSON.stringify(other.heard)).not.toContain(SECRET);
    // The way out that the error names.
    await stack.client.runtimes.update('thief', { credential: '{"accessKeyId":"own"}' });
    await stack.client.runtimes.delete(thief.runtimeId);
  });
});

describe('the envelope of a credential, taken from what Temporal keeps', () => {
  const changes: readonly (readonly [string, () => Partial<RuntimeInput>])[] = [
    ['url', () => ({ url: other.url })],
    ['runtime id', () => ({ runtimeId: 'rt-another' })],
    ['name', () => ({ name: 'another' })],
    ['zone', () => ({ zone: 'local-2' })],
    ['settings', () => ({ settings: { ...SETTINGS, authority: 'second' } })],
    ['settings left out', () => ({ settings: {} })],
    ['provider', () => ({ provider: 'local' })],
  ];

  it.each(changes)('opens for no request with another %s', async (_name, change) => {
    const input = { ...(await readSent<RuntimeInput>('createRuntime', isOf('prod'))), ...change() };
    const before = [own.connections(), other.connections()];
    const envelope = input.credential === null ? {} : { credential: input.credential };
    const chart = `oci://${new URL(other.url).host}/charts/web`;
    for (const ask of [
      () => requests.createRuntime(input),
      () => requests.validateRuntime({ input }),
      () => requests.listZones({ input }),
      () => requests.updateRuntime({ runtime: 'prod', url: input.url, ...envelope }),
      () => requests.registerChart({ chart, ...envelope }),
    ]) {
      await expect(ask()).rejects.toMatchObject({ kind: 'invalid-input', code: 'SEALED_SECRET' });
    }
    expect([own.connections(), other.connections()]).toEqual(before);
  });

  it('opens for no other use, even with everything the same', async () => {
    const input = { ...(await readSent<RuntimeInput>('createRuntime', isOf('prod'))) };
    const before = own.connections();
    await expect(requests.validateRuntime({ input })).rejects.toMatchObject({ code: 'SEALED_SECRET' });
    await expect(requests.listZones({ input })).rejects.toMatchObject({ code: 'SEALED_SECRET' });
    expect(own.connections()).toBe(before);
  });

  it('of an update opens for that update alone', async () => {
    await stack.client.runtimes.update('prod', { url: `${own.url}/v2`, credential: CREDENTIAL });
    const sent = await readSent<RuntimeUpdate>('updateRuntime', ({ url }) => url?.endsWith('/v2') === true);
    const heard = other.connections();
    for (const change of [{ url: other.url }, { settings: { authority: 'second' } }, { zone: 'local-2' }]) {
      await expect(requests.updateRuntime({ ...sent, ...change })).rejects.toMatchObject({
        code: 'SEALED_SECRET',
      });
    }
    expect(other.connections()).toBe(heard);
  });

  it('opens no more once the runtime is deleted, and nothing of the credential is kept', async () => {
    const gone = { name: 'gone', provider: 'calling', url: own.url, zone: 'local-1', settings: SETTINGS };
    const { runtimeId } = await stack.client.runtimes.create({ ...gone, credential: CREDENTIAL });
    const input = await readSent<RuntimeInput>('createRuntime', isOf('gone'));
    expect(input.runtimeId).toBe(runtimeId);
    await stack.client.runtimes.delete(runtimeId);
    const before = own.connections();
    await expect(requests.createRuntime(input)).rejects.toMatchObject({ code: 'RUNTIME_DELETED' });
    expect(own.connections()).toBe(before);
    const { rows } = await withClient(stack.databaseUrl, (database) =>
      database.query(`select credential_sealed from runtime where runtime_id = $1`, [runtimeId]),
    );
    expect(rows).toEqual([{ credential_sealed: null }]);
  });
});

describe('the envelope of a password', () => {
  it('opens for the request that it was sealed in, and for none in which anything is different', async () => {
    const { versionId } = await stack.client.apps.register(SECRET_PACKAGE);
    const { runtimeId } = await stack.client.runtimes.create({
      ...{ name: 'local', provider: 'local', zone: 'local-1', settings: { addressRange: '127.96.0.0/16' } },
    });
    const prod = await stack.client.runtimes.describe('prod');
    const named = { clusterId: 'cl-bound', jobId: 'j-bound', versionId, name: 'bound' };
    const plain = secretPackageConf({ password: '' });
    const env = plain['env'] as Conf;
    const beside = { ...plain, env: { ...env, password: { $sealed: true } } };
    const bind = bindConf({ action: 'create', ...named, runtimeId, conf: beside });
    const envelope = await sealSecret(await requests.getSealingKey(), SECRET, bind('env.password'));
    const toInput = (
      change: Partial<CreateClusterInput> = {},
      plainValues: object = {},
    ): CreateClusterInput => ({
      ...{ ...named, runtime: runtimeId },
      conf: { ...plain, env: { ...env, ...plainValues, password: { $sealed: envelope } } },
      ...change,
    });
    expect(await requests.checkCreateCluster(toInput())).toMatchObject({ versionId });
    for (const input of [
      toInput({ clusterId: 'cl-other' }),
      toInput({ jobId: 'j-other' }),
      toInput({ name: 'other' }),
      toInput({ runtime: prod.runtimeId }),
      toInput({}, { start: 'waits' }),
    ]) {
      await expect(requests.checkCreateCluster(input)).rejects.toMatchObject({
        kind: 'invalid-input',
        code: 'SEALED_SECRET',
        hint: expect.stringContaining('again') as string,
      });
    }
  });
});
