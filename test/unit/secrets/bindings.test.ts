import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  chartBinding,
  credentialBinding,
  storedCredentialBinding,
  storedSecretBinding,
  type ConfRequest,
  type Runtime,
  type SecretBinding,
} from '../../../src/domain/index.ts';
import { bindConf, openKeyring, sealSecret, type Keyring } from '../../../src/secrets/index.ts';

let folder: string;
let keyring: Keyring;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'windlass-bindings-'));
  keyring = await openKeyring(join(folder, 'keyring.json'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const RUNTIME: Runtime = {
  runtimeId: 'rt-1',
  name: 'prod',
  provider: 'aws',
  url: 'https://cloud.example',
  zone: 'z-1',
  settings: { region: 'r-1', caCertificate: 'PEM', subnet: 'subnet-1' },
  account: '1234',
  region: 'r-1',
  createdAt: '2026-01-01T00:00:00.000Z',
};
const { account: _account, region: _region, createdAt: _createdAt, ...INPUT } = RUNTIME;
const CHART = {
  chart: 'oci://registry.example:5000/charts/web',
  repository: 'https://charts.example/stable',
  version: '1.0.0',
  certificateAuthority: 'PEM',
};
const CONF: ConfRequest = {
  action: 'create',
  clusterId: 'cl-1',
  jobId: 'j-1',
  versionId: 'appv-1',
  runtimeId: 'rt-1',
  name: 'shop',
  conf: { env: { host: 'db.example', port: 5432, password: { $sealed: 1 }, list: [1, { a: true }] } },
};

/** Each kind of binding: all that it is made of, and how. */
const KINDS: readonly (readonly [string, object, (of: never) => SecretBinding])[] = [
  [
    'sealed credential of a runtime',
    { use: 'create', runtime: INPUT },
    ({ use, runtime }: { use: 'create'; runtime: typeof INPUT }) => credentialBinding(use, runtime),
  ],
  ['sealed credential of a chart', CHART, (place: typeof CHART) => chartBinding(place)],
  [
    'sealed value of a conf',
    { request: CONF, key: 'env.password' },
    ({ request, key }: { request: ConfRequest; key: string }) => bindConf(request)(key),
  ],
  [
    'stored credential',
    without(RUNTIME, 'createdAt'),
    (runtime: Runtime) => storedCredentialBinding(runtime),
  ],
  [
    'stored secret of a cluster',
    { clusterId: 'cl-1', name: 'conf/env.password' },
    ({ clusterId, name }: { clusterId: string; name: string }) => storedSecretBinding(clusterId, name),
  ],
];

function without(value: object, name: string): object {
  return Object.fromEntries(Object.entries(value).filter(([key]) => key !== name));
}

/** Every place of a value, envelopes left out: they differ each time that something is sealed. */
function placesOf(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [path];
  if ('$sealed' in value) return [];
  return Object.entries(value).flatMap(([key, member]) => placesOf(member, [...path, key]));
}

/** A copy in which one place holds something else, or nothing. */
function changed(value: unknown, [step, ...rest]: readonly string[], to: unknown): unknown {
  if (step === undefined) return to;
  if (Array.isArray(value)) {
    const items: readonly unknown[] = value;
    return items.flatMap((item, index) => {
      if (String(index) !== step) return [item];
      const other = changed(item, rest, to);
      return other === undefined ? [] : [other];
    });
  }
  const inner = (value as Readonly<Record<string, unknown>>)[step];
  const replaced = changed(inner, rest, to);
  if (replaced === undefined) return without(value as object, step);
  return { ...(value as object), [step]: replaced };
}

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((inner, step) => (inner as Readonly<Record<string, unknown>>)[step], value);
}

describe.each(KINDS)('a %s', (_name, of, bind) => {
  const makeBinding = bind as (of: unknown) => SecretBinding;

  test('opens for what it was bound to, in whatever order that is said', async () => {
    const sealed = await sealSecret(keyring.sealingKey(), 'secret', makeBinding(of));
    const turned = Object.fromEntries(Object.entries(of).toReversed());
    expect(await keyring.openSealed(sealed, makeBinding(turned))).toBe('secret');
    expect(keyring.decrypt(keyring.encrypt('secret', makeBinding(of)), makeBinding(turned))).toBe('secret');
  });

  test('opens for nothing else: any one value changed, taken away or added', async () => {
    const sealed = await sealSecret(keyring.sealingKey(), 'secret', makeBinding(of));
    const stored = keyring.encrypt('secret', makeBinding(of));
    const isClosedFor = async (other: unknown): Promise<void> => {
      await expect(keyring.openSealed(sealed, makeBinding(other))).rejects.toMatchObject({
        code: 'SEALED_SECRET',
      });
      expect(() => keyring.decrypt(stored, makeBinding(other))).toThrow(/cannot be decrypted/);
    };
    const places = placesOf(of);
    expect(places.length).toBeGreaterThanOrEqual(2);
    for (const place of places) await isClosedFor(changed(of, place, undefined));
    const change = fc.tuple(
      fc.constantFrom(...places),
      fc.oneof(fc.string(), fc.integer(), fc.constant(null)),
    );
    await fc.assert(
      fc.asyncProperty(change, async ([place, to]) => {
        fc.pre(to !== at(of, place));
        await isClosedFor(changed(of, place, to));
      }),
      { numRuns: 60 },
    );
    // Where one value ends and the next begins is part of it.
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...places), fc.constantFrom(...places), async (from, to) => {
        fc.pre(at(of, from) !== at(of, to));
        await isClosedFor(changed(changed(of, from, at(of, to)), to, at(of, from)));
      }),
      { numRuns: 30 },
    );
  });
});

test('a sealed value of a conf does not depend on what the other envelopes hold', () => {
  const sealedAgain = { ...CONF, conf: changed(CONF.conf, ['env', 'password'], { $sealed: { keyId: 'k' } }) };
  expect(bindConf(sealedAgain as ConfRequest)('env.password')).toEqual(bindConf(CONF)('env.password'));
  const plain = { ...CONF, conf: changed(CONF.conf, ['env', 'password'], 'in clear') };
  expect(bindConf(plain as ConfRequest)('env.password')).not.toEqual(bindConf(CONF)('env.password'));
});
