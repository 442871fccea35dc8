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
    writeFileSync(file, 'postgres://windlass:planted@database/windlass\n');
    expect(loadConfig({ DATABASE_URL: '', DATABASE_URL_FILE: file }).databaseUrl).toBe(
      'postgres://windlass:planted@database/windlass',
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
