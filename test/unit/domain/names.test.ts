import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  checkAppName,
  checkName,
  checkRequestId,
  chooseFreeName,
  toClusterName,
} from '../../../src/domain/index.ts';

const BAD = [
  '',
  ' ',
  '-x',
  '.x',
  '_x',
  '../x',
  'a/b',
  'a\\b',
  'a b',
  'a\nb',
  'a\tb',
  'a\u0000b',
  'a\u001b[2J',
  'a\u202eb',
  'ä',
  'x'.repeat(64),
  'x'.repeat(300),
  'cl-v2ts537oe2',
  'cl-',
  'cl-anything',
  'j-2n6jtyqi0l',
  'rt-0adpj0k3ri',
  'cln-0123456789ab',
  'appv-92135c0e08a165b7',
];

describe('a name that a user gives', () => {
  it.each(BAD)('cannot be %j', (name) => {
    for (const what of ['cluster', 'runtime'] as const) {
      expect(() => checkName(what, name, 'the.field')).toThrow(
        expect.objectContaining({
          kind: 'invalid-input',
          code: what === 'cluster' ? 'CLUSTER_NAME' : 'RUNTIME_NAME',
          field: 'the.field',
          hint: expect.any(String),
        }),
      );
    }
  });

  it.each(['a', '0', 'antietcd', 'A.b_c-9', 'x'.repeat(63), 'cluster', 'j-team', 'rt-kafka', 'clean'])(
    'may be %j',
    (name) => {
      expect(() => checkName('cluster', name)).not.toThrow();
    },
  );

  it('is not repeated whole in its refusal', () => {
    expect(() => checkName('cluster', 'x'.repeat(100_000))).toThrow(/100000 characters/);
    const thrown = fc.sample(fc.string({ minLength: 200, maxLength: 2_000 }), 50).map((name) => {
      try {
        checkName('cluster', name);
        return '';
      } catch (error) {
        return String(error);
      }
    });
    for (const message of thrown) expect(message.length).toBeLessThan(700);
  });
});

describe('a name that is made for a cluster', () => {
  it('is always one that a user could give', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 120 }), fc.nat({ max: 500 }), (text, taken) => {
        const name = toClusterName(text);
        const others = new Set([
          name,
          ...Array.from({ length: taken }, (_, index) => `${name}-${index + 2}`),
        ]);
        const free = chooseFreeName(name, others);
        expect(others.has(free)).toBe(false);
        expect(() => checkName('cluster', free)).not.toThrow();
      }),
      { numRuns: 500 },
    );
    for (const bad of BAD) expect(() => checkName('cluster', toClusterName(bad))).not.toThrow();
  });

  it('is the name of its app where that will do, then numbered', () => {
    expect(toClusterName('antietcd')).toBe('antietcd');
    expect(toClusterName('@team/my app')).toBe('team-my-app');
    expect(chooseFreeName('antietcd', new Set())).toBe('antietcd');
    expect(chooseFreeName('antietcd', new Set(['antietcd']))).toBe('antietcd-2');
    expect(chooseFreeName('antietcd', new Set(['antietcd', 'antietcd-2', 'antietcd-4']))).toBe('antietcd-3');
  });
});

describe('an app and a request', () => {
  it.each(['', ' ', 'a\nb', 'a\u001bb', 'x'.repeat(215)])('the app cannot be named %j', (name) => {
    expect(() => checkAppName(name)).toThrow(expect.objectContaining({ code: 'APP_NAME' }));
  });
  it('the app may have the name of an npm package', () => {
    expect(() => checkAppName('@team/zoo keeper')).not.toThrow();
  });
  it.each(['', 'a\nb', 'x'.repeat(256), 'x'.repeat(2_000)])('the request cannot be %j', (id) => {
    expect(() => checkRequestId(id)).toThrow(
      expect.objectContaining({ kind: 'invalid-input', code: 'REQUEST_ID' }),
    );
  });
  it('the request may be any other text', () => {
    expect(() => checkRequestId('order-4711 / üß')).not.toThrow();
  });
});
