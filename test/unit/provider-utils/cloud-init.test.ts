import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { generateKeyPair } from '../../../src/nodes/index.ts';
import {
  makeCloudConfig,
  readCloudConfig,
  type CloudConfigOptions,
} from '../../../src/provider-utils/index.ts';

const host = generateKeyPair('host');
const client = generateKeyPair('client');
const options: CloudConfigOptions = {
  authorizedKey: client.publicKey,
  hostPrivateKey: host.privateKey,
  hostPublicKey: host.publicKey,
  hostname: 'cl-1-n-1',
  user: 'root',
};

describe('the user-data of a node', () => {
  it('gives cloud-init the keys in its own words, for root', () => {
    const text = makeCloudConfig(options);
    expect(text.split('\n')[0]).toBe('#cloud-config');
    expect(parse(text)).toMatchObject({
      hostname: 'cl-1-n-1',
      ssh_pwauth: false,
      disable_root: false,
      ssh_deletekeys: true,
      ssh_keys: { ed25519_private: `${host.privateKey.trimEnd()}\n`, ed25519_public: host.publicKey },
      ssh_authorized_keys: [client.publicKey],
    });
  });

  it('makes another user with sudo, and leaves root closed', () => {
    const config = parse(makeCloudConfig({ ...options, user: 'windlass' })) as Record<string, unknown>;
    expect(config).toMatchObject({
      disable_root: true,
      users: [{ name: 'windlass', sudo: 'ALL=(ALL) NOPASSWD:ALL', ssh_authorized_keys: [client.publicKey] }],
    });
    expect(config).not.toHaveProperty('ssh_authorized_keys');
  });

  it('is the same for the same options, and small enough for every cloud', () => {
    expect(makeCloudConfig(options)).toBe(makeCloudConfig({ ...options }));
    expect(makeCloudConfig(options).length).toBeLessThan(4_096);
  });

  it('is read back as a machine reads it', () => {
    expect(readCloudConfig(makeCloudConfig({ ...options, user: 'windlass' }))).toEqual({
      hostname: 'cl-1-n-1',
      disableRoot: true,
      authorizedKeys: [],
      users: [
        {
          name: 'windlass',
          shell: '/bin/sh',
          sudo: 'ALL=(ALL) NOPASSWD:ALL',
          authorizedKeys: [client.publicKey],
        },
      ],
      deleteHostKeys: true,
      hostKeys: { ed25519: { privateKey: `${host.privateKey.trimEnd()}\n`, publicKey: host.publicKey } },
    });
  });

  it.each([
    ['user', { user: 'root; rm' }],
    ['hostname', { hostname: 'two\nlines' }],
    ['authorizedKey', { authorizedKey: 'ssh-ed25519 AAAA\nssh-ed25519 BBBB' }],
    ['hostPublicKey', { hostPublicKey: 'ssh-dss AAAA' }],
    ['hostPrivateKey', { hostPrivateKey: 'x'.repeat(20_000) }],
  ])('refuses a wrong %s without quoting a key', (field, change) => {
    let thrown: unknown;
    try {
      makeCloudConfig({ ...options, ...change });
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ kind: 'invalid-input', code: 'USER_DATA_INPUT', field });
    expect(String(thrown)).not.toContain('AAAA');
  });
});

describe('reading user-data', () => {
  it('ignores what cloud-init ignores', () => {
    const text = '#cloud-config\nusers: [default, {sudo: x}, 7]\nssh_keys: {dsa_private: x}\nruncmd: [ls]\n';
    expect(readCloudConfig(text)).toMatchObject({ users: [], hostKeys: {}, disableRoot: true, hostname: '' });
  });

  it.each([
    ['a script', '#!/bin/sh\necho -----BEGIN OPENSSH PRIVATE KEY-----\n'],
    ['broken YAML', '#cloud-config\nssh_keys: {ed25519_private: "-----BEGIN OPENSSH PRIVATE KEY-----\n'],
  ])('refuses %s without quoting it', (_, text) => {
    let thrown: unknown;
    try {
      readCloudConfig(text);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ kind: 'invalid-input', code: 'USER_DATA_UNREADABLE' });
    expect(JSON.stringify(thrown) + String(thrown)).not.toContain('PRIVATE KEY');
  });
});
