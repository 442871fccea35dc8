import type { Conf } from '../../../src/domain/index.ts';
import type { HostileInput, HostileTarget } from '../input.ts';
import { buildPackage } from './packages.ts';

type Create = Parameters<HostileTarget['client']['clusters']['create']>[0];

const bad = (
  why: string,
  change: (target: HostileTarget) => Partial<Create>,
  outcome: HostileInput['outcome'] = 'refused',
): HostileInput => ({
  name: `conf: ${why}`,
  outcome,
  send: (target) =>
    target.client.clusters.create({
      app: target.files.writeFolder(
        buildPackage({ items: [{ key: 'number', type: 'integer', min: 0, max: 10, required: 'no' }] }),
      ),
      runtime: 'instant',
      conf: { env: { password: target.plant() } },
      ...change(target),
    }),
});

const conf = (
  why: string,
  make: (secret: string) => unknown,
  outcome?: HostileInput['outcome'],
): HostileInput => bad(why, (target) => ({ conf: make(target.plant()) as Conf }), outcome);

/** What a user gives for a sound package. Secrets under wrong names must not leave the client. */
export const CONF_INPUTS: readonly HostileInput[] = [
  conf('a password at the top', (secret) => ({ password: secret })),
  conf('a password in a group that is not there', (secret) => ({ env2: { password: secret } })),
  conf('a password under a misspelt key', (secret) => ({ env: { pasword: secret, password: secret } })),
  conf('a password one group too deep', (secret) => ({ env: { env: { password: secret } } })),
  conf('a password as a list', (secret) => ({ env: { password: [secret] } })),
  conf('a password as a map', (secret) => ({ env: { password: { value: secret } } })),
  conf('a password in the place of a group', (secret) => ({ env: secret })),
  { ...conf('a password as a key', (secret) => ({ env: { [secret]: 'x' } })), mayBeQuoted: true },
  {
    ...conf('a password where a number is expected', (secret) => ({
      env: { password: 'long-enough-1', number: secret },
    })),
    mayBeQuoted: true,
  },
  conf('a forged seal', (secret) => ({
    env: { password: { $sealed: { keyId: secret, enc: 'eA==', ciphertext: 'eA==' } } },
  })),
  conf('a forged reference to a secret', () => ({ env: { password: { $secret: 'conf/env.password' } } })),
  conf('__proto__', (secret) =>
    JSON.parse(`{"__proto__":{"password":"${secret}"},"env":{"password":"${secret}"}}`),
  ),
  conf('constructor.prototype', (secret) => ({ constructor: { prototype: { password: secret } } })),
  conf('null', () => null),
  conf('a list', (secret) => [secret]),
  conf('a text', (secret) => secret),
  conf('a group that is null', () => ({ env: null })),
  conf('a number of 1e308', (secret) => ({ env: { password: secret, number: 1e308 } })),
  conf('NaN', (secret) => ({ env: { password: secret, number: Number.NaN } })),
  conf('a password of 3 MB', (secret) => ({ env: { password: secret + 'x'.repeat(3_000_000) } })),
  conf('a text of 3 MB', (secret) => ({ env: { password: secret, text: 'x'.repeat(3_000_000) } })),
  conf('100,000 keys', (secret) => ({
    env: Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`k${index}`, secret])),
  })),
  conf('groups that are nested 20,000 deep', (secret) =>
    JSON.parse(`${'{"a":'.repeat(20_000)}"${secret}"${'}'.repeat(20_000)}`),
  ),
  conf('a text with a NUL', (secret) => ({ env: { password: secret, text: 'a\u0000b' } })),
  conf('a lone surrogate', (secret) => ({ env: { password: secret, text: '\ud800' } }), 'harmless'),
  conf('a count of 2,000,000', (secret) => ({
    cluster: { count: 2_000_000 },
    env: { password: secret, number: 11 },
  })),
  bad('a setting that no form knows', (target) => ({ settings: { 'env.secretKey': target.plant() } })),
  bad('a setting of a group that is not there', (target) => ({
    settings: { 'nowhere.at.all': target.plant() },
  })),
  bad('a setting without a group', (target) => ({ settings: { password: target.plant() } })),
  bad('an empty setting name', (target) => ({ settings: { '': target.plant() } })),
  bad('__proto__ as a setting', (target) => ({ settings: { '__proto__.password': target.plant() } })),
  bad('a number that is text', () => ({ settings: { 'env.number': 'ten' } })),
  bad('a huge setting', () => ({ settings: { 'env.text': 'x'.repeat(2_000_000) } })),
  bad('a runtime that is not there', () => ({ runtime: 'nowhere' })),
  bad('a runtime with a line break', () => ({ runtime: 'a\nb' })),
  bad('an address with a password as the app', (target) => ({
    app: `oci://user:${target.plant()}@127.0.0.1:9/chart`,
  })),
  bad('a repository with a password', (target) => ({
    app: 'web',
    place: { repository: `https://user:${target.plant()}@127.0.0.1:9` },
  })),
  bad('a repository that is a file', () => ({ app: 'web', place: { repository: 'file:///etc' } })),
  bad('a version that is an option', () => ({
    app: 'web',
    place: { repository: 'https://127.0.0.1:9', version: '--post-renderer=/bin/sh' },
  })),
  ...[
    'a\nb',
    '-x',
    '../x',
    'a/b',
    '',
    ' ',
    'cl-0123456789',
    'a'.repeat(300),
    '\u0000',
    '\u202e',
    'ü'.repeat(64),
  ].map((name) => bad(`the cluster name ${JSON.stringify(name.slice(0, 20))}`, () => ({ name }))),
  ...['', 'x'.repeat(5_000), 'a\u0000b'].map((requestId) =>
    bad(`the request id ${JSON.stringify(requestId.slice(0, 20))}`, () => ({ requestId })),
  ),
];
