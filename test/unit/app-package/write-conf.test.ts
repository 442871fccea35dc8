import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  buildDefaultConf,
  describeForm,
  describeLimits,
  listFormValues,
  listMissing,
  parseForm,
  parseJson,
  readPackageFolder,
  validateConf,
  writeConf,
  type Form,
} from '../../../src/app-package/index.ts';
import type { Conf } from '../../../src/domain/index.ts';
import { anyForm } from './any-form.ts';

const EXAMPLE = fileURLToPath(new URL('../../../examples/antietcd', import.meta.url));

function readBack(text: string): Conf {
  const parsed = parseJson(text, { comments: true });
  if ('fault' in parsed) throw new Error(`${parsed.fault.line}: ${parsed.fault.message}`);
  expect(parsed.duplicates).toEqual([]);
  return parsed.value as Conf;
}

const FORM = parseForm(
  JSON.stringify({
    properties: [
      {
        key: 'env',
        label: 'Settings',
        type: 'array',
        properties: [
          {
            key: 'user',
            label: 'User',
            description: 'Who\nlogs in.',
            type: 'string',
            required: 'yes',
            changeable: false,
          },
          {
            key: 'a.port',
            label: 'Port',
            type: 'integer',
            default: 80,
            min: 1,
            max: 9000,
            step: 1,
            required: 'yes',
          },
          { key: 'secret', label: 'Secret', type: 'password', required: 'yes' },
          { key: 'token', label: 'Token', type: 'password', default: 'PLANTED', required: 'yes' },
          { key: 'zk', label: '', type: 'service', limits: { 'app-zk': ['v1', 'v2'] }, required: 'no' },
        ],
      },
      {
        key: 'service_params',
        type: 'array',
        properties: [{ key: 'x', label: 'x', type: 'string', required: 'yes' }],
      },
    ],
  }),
);

describe('writeConf', () => {
  it('says of each value what it means, what it accepts and whether it is still to be given', () => {
    expect(writeConf(describeForm(FORM))).toBe(
      [
        '{',
        '  // Settings',
        '  "env": {',
        '    // REQUIRED. Who logs in: string. Cannot be changed later.',
        '    "user": "",',
        '    // Port: integer, 1 to 9000; in steps of 1.',
        '    "a.port": 80,',
        '    // REQUIRED. Secret: password.',
        '    // "secret": "",',
        '    // Token: password.',
        '    // "token": "",',
        '    // service, the id of a cluster of app-zk (v1, v2).',
        '    "zk": "",',
        '  },',
        '}',
        '',
      ].join('\n'),
    );
  });

  it('is read back as the defaults', () => {
    expect(readBack(writeConf(FORM))).toEqual(buildDefaultConf(FORM));
    expect(buildDefaultConf(FORM)).toEqual({ env: { user: '', 'a.port': 80, zk: '' } });
  });

  it('changes nothing where it is used as it is', async () => {
    const config = (await readPackageFolder(EXAMPLE)).find((file) => file.path === 'config.json');
    const form = parseForm(new TextDecoder().decode(config?.content));
    expect(validateConf(form, readBack(writeConf(form)))).toEqual(validateConf(form, {}));
  });

  it('is read back as the defaults, whatever form a package has', () => {
    fc.assert(
      fc.property(anyForm, (form) => {
        const conf = readBack(writeConf(form));
        expect(JSON.stringify(conf)).toBe(JSON.stringify(buildDefaultConf(form)));
      }),
    );
  });
});

describe('listMissing', () => {
  const keysOf = (form: Form, conf: Conf) => listMissing(form, conf).map((item) => item.path.join('.'));

  it('names what must be given before a cluster can be made', () => {
    expect(keysOf(FORM, {})).toEqual(['env.user', 'env.secret']);
    expect(keysOf(describeForm(FORM), {})).toEqual(['env.user', 'env.secret']);
    expect(keysOf(FORM, { env: { user: 'x', secret: 's' } })).toEqual([]);
  });

  it('names exactly what validateConf calls required, whatever the form', () => {
    fc.assert(
      fc.property(anyForm, (form) => {
        let required: unknown[] = [];
        try {
          validateConf(form, {});
        } catch (error) {
          const details =
            error instanceof Error && 'details' in error && Array.isArray(error.details) ? error.details : [];
          required = details.filter(({ message }) => message === 'is required').map(({ field }) => field);
        }
        expect(keysOf(form, {})).toEqual(required);
      }),
    );
  });
});

describe('describeLimits', () => {
  it.each([
    [{ type: 'integer', min: 3 }, '3 or more'],
    [{ type: 'integer', max: 3 }, '3 or less'],
    [{ type: 'string', range: ['a', 'b'] }, 'one of a, b'],
    [{ type: 'string', range: ['a', 'b'], multichoice: true, separator: ';' }, 'any of a, b, joined by ";"'],
    [{ type: 'string', pattern: '^x' }, 'matching ^x'],
    [{ type: 'loadbalancer', port: [80, 8080] }, 'for port 80, 8080; kept: no load balancer is attached yet'],
    [{ type: 'service' }, 'the id of a cluster'],
    [{ type: 'service', limits: { 'app-1': [] } }, 'the id of a cluster of app-1'],
    [
      { type: 'service', limits: { 'app-tg3lbp0a': [] } },
      'the id of a cluster of app-tg3lbp0a of AppCenter, which is not checked',
    ],
    [{ type: 'string' }, ''],
  ])('of %j are: %s', (item, words) => {
    const form = parseForm(
      JSON.stringify({ properties: [{ key: 'k', label: 'k', required: 'no', ...item }] }),
    );
    expect(listFormValues(form).map(describeLimits)).toEqual([words]);
  });
});
