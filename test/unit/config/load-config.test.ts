import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { CONFIG_TABLE, loadConfig } from '../../../src/config/index.ts';
import { WindlassError } from '../../../src/domain/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'windlass-config-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function catchError(env: Readonly<Record<string, string>>): WindlassError {
  try {
    loadConfig(env);
  } catch (error) {
    if (WindlassError.isInstance(error)) return error;
  }
  throw new Error('nothing was refused');
}

describe('loadConfig', () => {
  it('has a default for everything but the database', () => {
    const config = loadConfig({ WINDLASS_HOME: folder });
    expect(config).toMatchObject({
      databaseUrl: null,
      heartbeatSeconds: 10,
      leaseSeconds: 15,
      logLevel: 'info',
      providerPackages: [],
      keyringFile: join(folder, 'keyring.json'),
      temporal: { address: 'localhost:7233', namespace: 'default', isNamed: false },
    });
  });

  it('says in the table the defaults that it really takes', () => {
    const config = loadConfig({});
    const defaults = new Map(CONFIG_TABLE.map((entry) => [entry.name, entry.default]));
    expect(String(config.heartbeatSeconds)).toBe(defaults.get('WINDLASS_HEARTBEAT_SECONDS'));
    expect(String(config.leaseSeconds)).toBe(defaults.get('WINDLASS_LEASE_SECONDS'));
    expect(String(config.stickySeconds)).toBe(defaults.get('WINDLASS_STICKY_SECONDS'));
    expect(String(config.stopSeconds)).toBe(defaults.get('WINDLASS_STOP_SECONDS'));
    expect(String(config.cachedWorkflows)).toBe(defaults.get('WINDLASS_CACHED_WORKFLOWS'));
    expect(String(config.databaseConnections)).toBe(defaults.get('WINDLASS_DATABASE_CONNECTIONS'));
    for (const [kind, count] of Object.entries(config.slots)) {
      expect(String(count)).toBe(defaults.get(`WINDLASS_SLOTS_${kind.toUpperCase()}`));
    }
  });

  it('reads the database from a file, and takes empty variables for absent ones', () => {
    const file = join(folder, 'url');
    writeFileSync(file, 'postgres://windlass:planted@database/windlass?sslmode=verify-full\n');
    expect(loadConfig({ DATABASE_URL: '', DATABASE_URL_FILE: file }).databaseUrl).toBe(
      'postgres://windlass:planted@database/windlass?sslmode=verify-full',
    );
  });

  it('names each variable that is wrong, and why', () => {
    const error = catchError({
      WINDLASS_HEARTBEAT_SECONDS: 'soon',
      WINDLASS_SLOTS_READS: '0',
      WINDLASS_LOG_LEVEL: 'loud',
    });
    expect(error).toMatchObject({ kind: 'invalid-input', code: 'CONFIG_INVALID' });
    expect(error.message).toContain(
      'WINDLASS_HEARTBEAT_SECONDS must be a whole number from 1 to 300 (and 2 more)',
    );
    expect(error.details?.map((fault) => fault.field)).toEqual([
      'WINDLASS_HEARTBEAT_SECONDS',
      'WINDLASS_LOG_LEVEL',
      'WINDLASS_SLOTS_READS',
    ]);
  });

  it('refuses a variable that it does not know, because it is a typing error', () => {
    expect(catchError({ WINDLASS_HEARTBEAT_SECOND: '5' }).field).toBe('WINDLASS_HEARTBEAT_SECOND');
  });

  it('shows no part of a database address that is wrong', () => {
    const file = join(folder, 'bad-url');
    writeFileSync(file, 'mysql://windlass:planted-password@database');
    for (const env of [
      { DATABASE_URL: 'mysql://windlass:planted-password@database' },
      { DATABASE_URL_FILE: file },
    ]) {
      expect(JSON.stringify(catchError(env).toInfo())).not.toContain('planted-password');
    }
  });

  it('refuses a database of another machine without verified TLS, from the file too, unless one setting allows it', () => {
    const url = 'postgres://windlass:planted-password@database/windlass?sslmode=no-verify';
    const file = join(folder, 'unverified-url');
    writeFileSync(file, url);
    for (const [field, env] of [
      ['DATABASE_URL', { DATABASE_URL: url }],
      ['DATABASE_URL_FILE', { DATABASE_URL_FILE: file }],
    ] as const) {
      // What PostgreSQL's own tools would read instead, changes nothing.
      const error = catchError({ ...env, PGSSLMODE: 'verify-full' });
      expect(error).toMatchObject({ code: 'CONFIG_INVALID', field });
      expect(error.message).toContain('WINDLASS_INSECURE_DATABASE');
      expect(JSON.stringify(error.toInfo())).not.toContain('planted-password');
      expect(loadConfig({ ...env, WINDLASS_INSECURE_DATABASE: 'true' }).databaseUrl).toBe(url);
    }
  });

  it.each([
    'temporal.example:7233',
    '192.0.2.1:7233',
    '[2001:db8::1]:7233',
    'localhost.example:7233',
    '127.0.0.1.example:7233',
    'dns:///127.0.0.1:7233',
    'ipv4:127.0.0.1:7233,192.0.2.1:7233',
    'unix:/run/temporal.sock',
    'http://temporal.example:7233',
  ])('refuses a Temporal server on another machine without TLS: %s', (address) => {
    for (const env of [
      { TEMPORAL_ADDRESS: address },
      { TEMPORAL_ADDRESS: address, TEMPORAL_TLS: 'false' },
      { TEMPORAL_ADDRESS: address, TEMPORAL_TLS: 'false', TEMPORAL_API_KEY: 'planted-key' },
    ]) {
      expect(catchError(env)).toMatchObject({ code: 'CONFIG_INVALID', field: 'TEMPORAL_ADDRESS' });
      expect(loadConfig({ ...env, WINDLASS_INSECURE_TEMPORAL: 'true' }).temporal.address).toBe(address);
    }
    expect(loadConfig({ TEMPORAL_ADDRESS: address, TEMPORAL_TLS: 'true' }).temporal.address).toBe(address);
  });

  it.each(['localhost:7233', '127.0.0.1:7233', '127.9.9.9', '[::1]:7233'])(
    'takes a Temporal server of this machine without TLS: %s',
    (address) => {
      expect(loadConfig({ TEMPORAL_ADDRESS: address }).temporal.address).toBe(address);
    },
  );

  it('refuses to run where Node verifies no certificate', () => {
    expect(catchError({ NODE_TLS_REJECT_UNAUTHORIZED: '0' }).field).toBe('NODE_TLS_REJECT_UNAUTHORIZED');
  });

  it('takes true and false for what allows something, and nothing that could be read as either', () => {
    for (const value of ['yes', '1', 'TRUE', 'allow']) {
      expect(
        catchError({ WINDLASS_INSECURE_DATABASE: value, WINDLASS_AWS_OWN_IDENTITY: value }).details,
      ).toHaveLength(2);
    }
  });

  it('refuses a lease that would end before its worker counts as dead', () => {
    expect(catchError({ WINDLASS_HEARTBEAT_SECONDS: '30' }).field).toBe('WINDLASS_LEASE_SECONDS');
  });

  it('says that a profile of temporal.toml is missing', () => {
    expect(
      catchError({ TEMPORAL_CONFIG_FILE: join(folder, 'none.toml'), TEMPORAL_PROFILE: 'mine' }).code,
    ).toBe('TEMPORAL_CONFIG');
  });
});

describe('CONFIG_TABLE', () => {
  it('names each variable once, with words for it', () => {
    expect(new Set(CONFIG_TABLE.map((entry) => entry.name)).size).toBe(CONFIG_TABLE.length);
    for (const entry of CONFIG_TABLE) expect(entry.description).not.toBe('');
  });
});

describe('the provider local', () => {
  it.each([
    [{}, true],
    [{ TEMPORAL_ADDRESS: '127.0.0.1:7233' }, true],
    [{ TEMPORAL_ADDRESS: 'temporal.example.com:7233', TEMPORAL_TLS: 'true' }, false],
    [
      {
        TEMPORAL_ADDRESS: 'temporal.example.com:7233',
        TEMPORAL_TLS: 'true',
        WINDLASS_LOCAL_PROVIDER: 'true',
      },
      true,
    ],
    [{ WINDLASS_LOCAL_PROVIDER: 'false' }, false],
  ])('is taken on the machine of the Temporal server alone, unless it is said: %j', (env, taken) => {
    expect(loadConfig(env).localProvider).toBe(taken);
  });
});
