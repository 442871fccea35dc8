import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  describeForm,
  mapPasswords,
  parseForm,
  passwordKeys,
  setConfValue,
  validateConf,
  type Form,
} from '../../../src/app-package/index.ts';
import type { Conf } from '../../../src/domain/index.ts';
import { catchFault } from './packages.ts';

function formOf(...items: Record<string, unknown>[]): Form {
  const properties = items.map((item) => ({ label: 'x', required: 'no', ...item }));
  return parseForm(
    JSON.stringify({ type: 'array', properties: [{ key: 'env', type: 'array', properties }] }),
  );
}

const faultOf = (form: Form, value: unknown) => catchFault(() => validateConf(form, { env: { key: value } }));

describe('validateConf', () => {
  it.each([
    [{ type: 'integer' }, '3', 'must be a whole number, not "3"'],
    [{ type: 'integer' }, 1.5, 'must be a whole number, not 1.5'],
    [{ type: 'integer', range: [1, 3] }, 2, 'must be one of 1, 3, not 2'],
    [{ type: 'integer', min: 10 }, 9, 'must be 10 or more, not 9'],
    [{ type: 'number', max: 0.5 }, 0.51, 'must be 0.5 or less, not 0.51'],
    [{ type: 'integer', min: 30, step: 30 }, 70, 'must rise in steps of 30, counted from 30; 70 does not'],
    [{ type: 'boolean' }, 'true', 'must be true or false, not "true"'],
    [{ type: 'string' }, 7, 'must be a string, not 7'],
    [{ type: 'string', pattern: '^v.+' }, 'x', '"x" does not match the pattern ^v.+'],
    [{ type: 'string', required: 'yes' }, '', 'is required'],
    [{ type: 'string', required: 'yes' }, undefined, 'is required'],
    [{ type: 'string', required: true }, null, 'is required'],
    [{ type: 'string', required: 'True' }, '', 'is required'],
    [{ type: 'string', multichoice: true, range: ['a', 'b'] }, 'a,c', '"c" is not one of "a", "b"'],
    [{ type: 'string', multichoice: true, range: ['a', 'b'] }, 'a,a', '"a" is chosen twice'],
    [{ type: 'string', multichoice: true, range: ['a', 'b'] }, { a: 1 }, 'must be a string of choices'],
    [{ type: 'service' }, 5, 'must be a string, not 5'],
    [{ type: 'colour', range: ['red'] }, { toString: 0 }, 'must be one of "red", not {"toString":0}'],
  ])('refuses, for %j, the value %j', (item, value, message) => {
    const fault = faultOf(formOf({ key: 'key', ...item }), value);
    expect(fault).toMatchObject({ code: 'CONF_INVALID', fields: ['env.key'] });
    expect(fault.message).toContain(`env.key: ${message}`);
  });

  it.each([
    [{ type: 'integer', range: [1, 3] }, 3, 3],
    [{ type: 'number', min: 0, step: 0.1 }, 0.3, 0.3],
    [{ type: 'string', pattern: '[0-9]' }, 'anywhere 7 counts', 'anywhere 7 counts'],
    [{ type: 'string', pattern: '^v' }, '', ''],
    [{ type: 'string', multichoice: true, range: ['a', 'b'], separator: ';' }, 'a; b', 'a; b'],
    [{ type: 'string', multichoice: true, range: ['a', 'b'], separator: ';' }, ['b', 'a'], 'b;a'],
    [{ type: 'integer', default: 9, max: 5 }, undefined, 9],
    [{ type: 'integer', default: 9, max: 5 }, 9, 9],
    [{ type: 'string' }, undefined, ''],
    [{ type: 'integer' }, undefined, null],
    [{ type: 'colour' }, { any: 'thing' }, { any: 'thing' }],
    [
      { type: 'password', pattern: '^x', required: 'yes' },
      { $secret: 'conf/env.key' },
      { $secret: 'conf/env.key' },
    ],
  ])('takes, for %j, the value %j as %j', (item, value, taken) => {
    const conf = value === undefined ? {} : { env: { key: value } };
    expect(validateConf(formOf({ key: 'key', ...item }), conf)).toEqual({ env: { key: taken } });
  });

  it('lets the network stay empty although packages call it required', () => {
    const vxnet = { key: 'vxnet', label: 'x', type: 'string', default: '', required: 'yes' };
    const form = parseForm(
      JSON.stringify({ properties: [{ key: 'cluster', type: 'array', properties: [vxnet] }] }),
    );
    expect(validateConf(form, {})).toEqual({ cluster: { vxnet: '' } });
  });

  it('names every fault at once, unknown keys among them', () => {
    const form = formOf({ key: 'a', type: 'integer' }, { key: 'b', type: 'boolean' });
    const fault = catchFault(() => validateConf(form, { env: { a: 'x', b: 1, c: 2 }, other: 1 }));
    expect(fault.fields).toEqual(['env.a', 'env.b', 'env.c', 'other']);
    expect(catchFault(() => validateConf(form, { env: 5 })).fields).toEqual(['env']);
  });

  it('takes no inherited property for a value', () => {
    const form = formOf({ key: 'toString', type: 'string', required: 'yes' });
    expect(catchFault(() => validateConf(form, { env: {} })).fields).toEqual(['env.toString']);
  });

  it('never quotes a password', () => {
    const form = formOf({ key: 'key', type: 'password', pattern: '^[a-z]+$' });
    for (const value of ['PLANTED-77', ['PLANTED-77'], 7_777_777]) {
      const fault = faultOf(form, value);
      expect(fault.code).toBe('CONF_INVALID');
      expect(JSON.stringify(fault)).not.toMatch(/PLANTED|7777777/);
    }
  });

  it('accepts its own result again', () => {
    const value = fc.record({
      a: fc.integer({ min: 1, max: 9 }),
      'b.c': fc.boolean(),
      d: fc.string({ minLength: 1 }),
    });
    const form = formOf(
      { key: 'a', type: 'integer', min: 1, max: 9 },
      { key: 'b.c', type: 'boolean' },
      { key: 'd', type: 'string' },
      { key: 'e', type: 'integer', default: 4 },
    );
    fc.assert(
      fc.property(value, (env) => {
        const conf = validateConf(form, { env });
        expect(conf).toEqual({ env: { ...env, e: 4 } });
        expect(validateConf(form, conf)).toEqual(conf);
      }),
    );
  });
});

describe('passwords of a conf', () => {
  const form = formOf(
    { key: 'web.password', type: 'password', default: 'from-the-package' },
    { key: 'empty', type: 'password' },
    { key: 'name', type: 'string' },
  );
  const conf: Conf = { env: { 'web.password': 'hunter2', empty: '', name: 'web.password' } };

  it('are named by their dotted keys where they have a value', () => {
    expect(passwordKeys(form, conf)).toEqual(['env.web.password']);
    expect(passwordKeys(form, {})).toEqual([]);
    expect(passwordKeys(form, validateConf(form, {}))).toEqual(['env.web.password']);
  });

  it('are replaced in a copy, and nothing else is', async () => {
    const before = structuredClone(conf);
    const mapped = await mapPasswords(form, conf, async (value, key) => `${key}=${String(value).length}`);
    expect(mapped).toEqual({
      env: { 'web.password': 'env.web.password=7', empty: '', name: 'web.password' },
    });
    expect(conf).toEqual(before);
  });

  it('have no default in the form that is shown', () => {
    const shown = describeForm(form);
    expect(JSON.stringify(shown)).not.toContain('from-the-package');
    expect(passwordKeys(shown, conf)).toEqual(['env.web.password']);
  });
});

describe('setConfValue', () => {
  const form = formOf(
    { key: 'web.port', type: 'integer' },
    { key: 'on', type: 'boolean' },
    { key: 'text', type: 'string' },
  );

  it('reads text as the form says', () => {
    const set = (conf: Conf, key: string, text: string): Conf => setConfValue(form, conf, key, text);
    const conf = set(set(set({}, 'env.web.port', '80'), 'env.on', 'false'), 'env.text', '80');
    expect(conf).toEqual({ env: { 'web.port': 80, on: false, text: '80' } });
  });

  it.each([
    ['env.web.port', 'eighty'],
    ['env.web.port', ''],
    ['env.on', 'maybe'],
    ['env.nothing', '1'],
    ['env', '1'],
  ])('refuses %s=%s', (key, text) => {
    expect(catchFault(() => setConfValue(form, {}, key, text))).toMatchObject({
      code: 'CONF_INVALID',
      fields: [key],
    });
  });
});
