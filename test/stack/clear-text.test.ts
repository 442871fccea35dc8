import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { validatePackage, readPackage } from '../../src/app-package/index.ts';
import type { RuntimeRequest } from '../../src/client/index.ts';
import type { Conf } from '../../src/domain/index.ts';
import { startStack, type TestStack, type TestWorker } from '../kit/stack.ts';
import { findFilesWith, holdsSecret } from './find-secret.ts';
import { runCli } from './run-cli.ts';
import { SECRET_PACKAGE } from './secret-cluster.ts';

const LIMIT_MS = 240_000;
const PLANTED = /planted-\d+/g;
const planted = new Set<string>();
let last = 100;

/** A value that must be found nowhere. */
function plant(): string {
  last += 1;
  const secret = `planted-${last}`;
  planted.add(secret);
  return secret;
}

let stack: TestStack;
let worker: TestWorker;
let folder: string;

function writeChart(name: string, schema: unknown): string {
  const chart = join(folder, name);
  mkdirSync(join(chart, 'templates'), { recursive: true });
  writeFileSync(join(chart, 'Chart.yaml'), `apiVersion: v2\nname: ${name}\nversion: 1.0.0\n`);
  writeFileSync(join(chart, 'values.yaml'), 'text: ""\n');
  writeFileSync(join(chart, 'templates/one.yaml'), 'kind: ConfigMap\napiVersion: v1\nmetadata: {name: a}\n');
  if (schema !== null) {
    writeFileSync(
      join(chart, 'values.schema.json'),
      typeof schema === 'string' ? schema : JSON.stringify(schema),
    );
  }
  return chart;
}

async function codeOf(request: Promise<unknown>): Promise<unknown> {
  return request.then(
    () => 'nothing was refused',
    (error: unknown) => (error as { code?: string }).code,
  );
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'windlass-clear-text-'));
  stack = await startStack();
  worker = await stack.startWorker();
  await stack.client.runtimes.create({ name: 'here', provider: 'local', zone: 'local-1' });
}, LIMIT_MS);
afterAll(async () => {
  await stack?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const writeOnly = { type: 'string', writeOnly: true };
const SCHEMAS: readonly (readonly [string, unknown])[] = [
  ['no schema', null],
  [
    'a reference that cannot be resolved',
    { properties: { dbpwd: writeOnly, t: { $ref: 'https://example.com/k8s.json#/a' } } },
  ],
  ['a pattern that only Go compiles', { properties: { a: { pattern: '(?i)a' } } }],
  [
    'another dialect',
    { $schema: 'http://json-schema.org/draft-04/schema#', properties: { dbpwd: writeOnly } },
  ],
  ['writeOnly under patternProperties', { patternProperties: { '^a$': writeOnly } }],
  [
    'writeOnly behind an anchor',
    { properties: { a: { $ref: '#s' } }, definitions: { s: { $id: '#s', ...writeOnly } } },
  ],
  ['writeOnly in then', '{"if": {}, "then": {"properties": {"a": {"type": "string", "writeOnly": true}}}}'],
];

/** Every type and shape of a value that may be a secret. */
function secretConf(): Conf {
  return {
    dbpwd: plant(),
    a: plant(),
    auth: { password: 987_123_654 },
    passwords: [plant()],
    secrets: { x: plant() },
    credentials: { deep: [{ deeper: plant() }] },
    kubeconfig: plant(),
    tokenValue: plant(),
    sshKey: plant(),
    accessKeyId: plant(),
    ordinary: plant(),
    dsn: `postgres://u:${plant()}@h/d`,
    extraEnv: [{ name: 'DB_PASSWORD', value: plant() }],
    [`key.with.dots`]: plant(),
  };
}

describe('the conf of a chart', () => {
  it.each(SCHEMAS)('leaves as one envelope with %s', async (_name, schema) => {
    const app = writeChart(`chart-${SCHEMAS.findIndex(([, other]) => other === schema)}`, schema);
    // The local provider takes no chart: the request has arrived, and what it held was opened.
    const code = await codeOf(stack.client.clusters.create({ app, runtime: 'here', conf: secretConf() }));
    expect(code).not.toBe('SEALED_SECRET');
    expect(code).toBe('APP_INVALID');
  });

  it('takes no secret as a setting', async () => {
    const app = writeChart('chart-set', null);
    const settings = { 'auth.password': plant() };
    expect(await codeOf(stack.client.clusters.create({ app, runtime: 'here', settings }))).toBe(
      'SECRET_SETTING',
    );
  });
});

describe('what is refused', () => {
  const runtime = (change: () => Partial<RuntimeRequest>) => (): Promise<unknown> =>
    stack.client.runtimes.create({ name: 'n', provider: 'local', zone: 'local-1', ...change() });
  const create = (conf: () => Conf) => (): Promise<unknown> =>
    stack.client.clusters.create({ app: SECRET_PACKAGE, runtime: 'here', conf: conf() });

  it.each<readonly [string, string, () => Promise<unknown>]>([
    ['a password in an address', 'RUNTIME_URL', runtime(() => ({ url: `https://u:${plant()}@127.0.0.1:9` }))],
    [
      'a token as the user of an address',
      'RUNTIME_URL',
      runtime(() => ({ url: `https://${plant()}@127.0.0.1:9` })),
    ],
    [
      'a token in the query of an address',
      'RUNTIME_URL',
      runtime(() => ({ url: `https://h/?token=${plant()}` })),
    ],
    ['a setting that there is not', 'SETTING_UNKNOWN', runtime(() => ({ settings: { secretKey: plant() } }))],
    [
      'a setting with a password in it',
      'CLEAR_SECRET',
      runtime(() => ({ settings: { zones: `http://u:${plant()}@h` } })),
    ],
    ['a key as a setting', 'SETTING_UNKNOWN', runtime(() => ({ settings: { [plant()]: 'x' } }))],
    [
      'a credential as the zone',
      'BAD_NAME',
      runtime(() => ({ zone: JSON.stringify({ accessKeyId: plant() }) })),
    ],
    ['a credential as the name', 'RUNTIME_NAME', runtime(() => ({ name: `token: ${plant()}` }))],
    ['a credential as the provider', 'PROVIDER_UNKNOWN', runtime(() => ({ provider: plant() }))],
    [
      'a private key as a setting',
      'CLEAR_SECRET',
      runtime(() => ({ settings: { zones: `-----BEGIN PRIVATE KEY-----\n${plant()}` } })),
    ],
    [
      'an address in a change',
      'RUNTIME_URL',
      () => stack.client.runtimes.update('here', { url: `https://u:${plant()}@h` }),
    ],
    [
      'a setting in a change',
      'SETTING_UNKNOWN',
      () => stack.client.runtimes.update('here', { settings: { secretKey: plant() } }),
    ],
    [
      'an address as a runtime',
      'CLEAR_SECRET',
      () => stack.client.runtimes.describe(`https://u:${plant()}@h`),
    ],
    [
      'an address as a cluster',
      'CLEAR_SECRET',
      () => stack.client.clusters.describe(`https://u:${plant()}@h`),
    ],
    ['an address as a job', 'CLEAR_SECRET', () => stack.client.jobs.describe(`https://u:${plant()}@h`)],
    [
      'a password in a reference to a chart',
      'CHART_REFERENCE',
      () => stack.client.apps.register(`oci://u:${plant()}@h/a/c`),
    ],
    [
      'a password in a repository',
      'CHART_REFERENCE',
      () => stack.client.apps.register('web', { repository: `https://u:${plant()}@h` }),
    ],
    [
      'a token as a version',
      'CHART_REFERENCE',
      () => stack.client.apps.register('oci://h/a/c', { version: `{"${plant()}"` }),
    ],
    [
      'a private key beside a CA',
      'CHART_REFERENCE',
      () =>
        stack.client.apps.register('oci://h/a/c', {
          certificateAuthority: `-----BEGIN CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\n${plant()}`,
        }),
    ],
    ['an address as an app', 'BAD_NAME', () => stack.client.apps.describe(`https://u:${plant()}@h`)],
    ['a password without its group', 'CONF_INVALID', create(() => ({ password: plant() }))],
    ['a password in another group', 'CONF_INVALID', create(() => ({ env2: { password: plant() } }))],
    ['a password under another key', 'CONF_INVALID', create(() => ({ env: { passwort: plant() } }))],
    ['a password as a number', 'CONF_INVALID', create(() => ({ cluster: { count: plant() } }))],
    ['a password instead of a group', 'CONF_INVALID', create(() => ({ env: plant() }))],
    [
      'a password as a setting',
      'SECRET_SETTING',
      () =>
        stack.client.clusters.create({
          app: SECRET_PACKAGE,
          runtime: 'here',
          settings: { 'env.password': plant() },
        }),
    ],
    [
      'an unknown setting of a form',
      'CONF_INVALID',
      () =>
        stack.client.clusters.create({
          app: SECRET_PACKAGE,
          runtime: 'here',
          settings: { 'env.passwort': plant() },
        }),
    ],
  ])('was not sent: %s', async (_name, code, ask) => {
    expect(await codeOf(ask())).toBe(code);
  });

  it('is bad input for the command too', async () => {
    const url = `https://u:${plant()}@127.0.0.1:9`;
    const args = [
      'runtime',
      'create',
      'n',
      '--provider',
      'local',
      '--zone',
      'local-1',
      '--url',
      url,
      '--json',
    ];
    const run = await runCli(stack.env, args);
    expect(run.exitCode).toBe(2);
    expect(run.stdout + run.stderr).not.toMatch(PLANTED);
  });
});

describe('nothing of it', () => {
  it('is in Temporal, in the database or in a log', async () => {
    expect(planted.size).toBeGreaterThan(100);
    const temporal = dirname(stack.temporal.databaseFile);
    expect(await findFilesWith(temporal, 'checkCreateCluster')).not.toEqual([]);
    // One spelling for all: what was planted begins alike.
    expect(await findFilesWith(temporal, 'planted-1')).toEqual([]);
    expect(await findFilesWith(temporal, '987123654')).toEqual([]);
    expect(holdsSecret(worker.log(), 'planted-')).toBe(false);
    const database = new pg.Client({ connectionString: stack.databaseUrl });
    await database.connect();
    const tables = await database.query<{ name: string }>(
      `select quote_ident(tablename) as name from pg_tables where schemaname = 'public'`,
    );
    for (const { name } of tables.rows) {
      const dump = await database.query<{ row: string }>(`select t::text as row from ${name} t`);
      expect(holdsSecret(dump.rows.map(({ row }) => row).join('\n'), 'planted-'), name).toBe(false);
    }
    await database.end();
  });

  it('is warned of where a form would take it in clear', async () => {
    const app = join(folder, 'named');
    mkdirSync(app);
    const properties = ['api_token', 'port'].map((key) => ({
      key,
      label: 'l',
      type: 'string',
      required: 'no',
    }));
    writeFileSync(
      join(app, 'config.json'),
      JSON.stringify({ properties: [{ key: 'env', type: 'array', properties }] }),
    );
    const { warnings } = validatePackage(await readPackage(app));
    const named = warnings.filter(({ message }) => message.includes('named like a secret'));
    expect(named.map(({ field }) => field)).toEqual([expect.stringContaining('api_token')]);
  });
});
