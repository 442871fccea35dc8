import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import {
  findStackFile,
  listTemporalProfiles,
  loadClientConnection,
  loadTemporalConnection,
  readStartTime,
  writeChosenProfile,
} from '../../../src/config/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'windlass-context-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const toml = join(folder, 'temporal.toml');
const noToml = join(folder, 'absent.toml');
let home: string;
let runs = 0;
beforeEach(() => {
  runs += 1;
  home = join(folder, `home-${runs}`);
  mkdirSync(join(home, 'run'), { recursive: true });
  writeFileSync(
    toml,
    '[profile.production]\naddress = "temporal.example:7233"\nnamespace = "ours"\n[profile.bare]\nnamespace = "other"\n',
  );
});

const ADDRESS = '127.0.0.1:27233';

/** As a running stack leaves it; this process stands for its server. */
function writeStack(change: Record<string, unknown> = {}): void {
  const alive = { pid: process.pid, startTime: readStartTime(process.pid) };
  const stack = { ...alive, address: ADDRESS, namespace: 'default', clusterId: 'the-server', ...change };
  writeFileSync(findStackFile(home), JSON.stringify(stack));
}

function find(more: Record<string, string> = {}) {
  const { address, namespace, clusterId, from } = loadClientConnection({
    WINDLASS_HOME: home,
    TEMPORAL_CONFIG_FILE: noToml,
    ...more,
  });
  return { address, namespace, clusterId, from };
}

describe('a client acts on', () => {
  test('the default address where nothing else is known', () => {
    expect(find()).toMatchObject({ address: 'localhost:7233', namespace: 'default', clusterId: null });
  });

  test('the stack of its own home while that lives, and knows how its server calls itself', () => {
    writeStack();
    expect(find()).toEqual({
      address: ADDRESS,
      namespace: 'default',
      clusterId: 'the-server',
      from: `the stack of ${home}`,
    });
    expect(find({ TEMPORAL_NAMESPACE: 'mine' })).toMatchObject({ address: ADDRESS, namespace: 'mine' });
  });

  test.each([
    ['of a process that has ended', { pid: 2 ** 22 + 1 }],
    ['whose pid another process has now', { startTime: '1' }],
    ['without an address', { address: '' }],
    ['of an older release, without the server’s id', { clusterId: undefined }],
  ])('the default address beside a record %s', (_name, change) => {
    writeStack(change);
    expect(find()).toMatchObject({ address: 'localhost:7233', clusterId: null });
  });

  test.each(['', '{', '[]', 'null', '{"pid":-1}'])('the default address beside the record %j', (text) => {
    writeFileSync(findStackFile(home), text);
    expect(find()).toMatchObject({ address: 'localhost:7233' });
  });

  test('what TEMPORAL_ADDRESS names, before a profile and a stack', () => {
    writeStack();
    writeChosenProfile(home, 'production');
    const env = { TEMPORAL_CONFIG_FILE: toml, TEMPORAL_ADDRESS: 'named.example:7233' };
    expect(find(env)).toMatchObject({ address: 'named.example:7233', namespace: 'default', clusterId: null });
  });

  test('what a profile names, by variable or by choice, before a stack', () => {
    writeStack();
    const env = { TEMPORAL_CONFIG_FILE: toml };
    const production = { address: 'temporal.example:7233', namespace: 'ours', clusterId: null };
    expect(find(env)).toMatchObject({ address: ADDRESS });
    expect(find({ ...env, TEMPORAL_PROFILE: 'production' })).toMatchObject(production);
    writeChosenProfile(home, 'production');
    expect(find(env)).toMatchObject(production);
    expect(find({ ...env, TEMPORAL_PROFILE: 'bare' })).toMatchObject({ address: 'localhost:7233' });
    writeChosenProfile(home, null);
    expect(find(env)).toMatchObject({ address: ADDRESS });
  });

  test('no other server where the chosen profile is gone', () => {
    writeStack();
    writeChosenProfile(home, 'production');
    expect(() => find()).toThrow(expect.objectContaining({ code: 'TEMPORAL_CONFIG' }));
  });

  test('the default address with a key that is for no stack of ours', () => {
    writeStack();
    expect(find({ TEMPORAL_API_KEY: 'a-key' })).toMatchObject({ address: 'localhost:7233', clusterId: null });
    expect(find({ TEMPORAL_TLS: 'true' })).toMatchObject({ address: 'localhost:7233', clusterId: null });
  });
});

test('a stack that is to be started takes neither another stack nor a chosen profile for its server', () => {
  writeStack();
  writeChosenProfile(home, 'production');
  const env = { WINDLASS_HOME: home, TEMPORAL_CONFIG_FILE: toml };
  expect(loadTemporalConnection(env)).toMatchObject({ address: 'localhost:7233', isNamed: false });
});

test('profiles are listed by name, without what is secret in them', () => {
  writeFileSync(toml, '[profile.b]\naddress = "b:1"\napi_key = "planted"\n[profile.a]\n');
  const profiles = listTemporalProfiles({ TEMPORAL_CONFIG_FILE: toml });
  expect(profiles).toEqual([
    { name: 'a', address: 'localhost:7233', namespace: 'default' },
    { name: 'b', address: 'b:1', namespace: 'default' },
  ]);
});
