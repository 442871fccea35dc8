import { describe, expect, it } from 'vitest';
import { parseForm, parseJson, validateConf, validatePackage } from '../../../src/app-package/index.ts';
import { MAX_FORM_ITEMS, MAX_JSON_DEPTH, MAX_PLACEHOLDERS } from '../../../src/domain/index.ts';
import { measureCpuTimeMs } from '../../kit/measure-cpu-time.ts';
import { formOf } from './limit-table.ts';
import { CONFIG, NODE, packageOf } from './one-fault.ts';
import { confRequest, textFile, toContent, makeCluster } from './packages.ts';

const LONGEST_MS = 5_000;

function withPattern(pattern: string): ReturnType<typeof packageOf> {
  const config = CONFIG.replace('"default":"x"', `"default":"x","pattern":${JSON.stringify(pattern)}`);
  return packageOf(`{"name": {{cluster.name}}, "nodes": [${NODE}]}`, config);
}

describe('a form', () => {
  it('may have as many items as the limit, and is read in linear time', () => {
    const milliseconds = measureCpuTimeMs(() => {
      const form = parseForm(formOf(MAX_FORM_ITEMS));
      expect(form.items).toHaveLength(MAX_FORM_ITEMS);
      expect(Object.keys(validateConf(form, {}))).toHaveLength(MAX_FORM_ITEMS);
    });
    expect(milliseconds).toBeLessThan(LONGEST_MS);
  });

  it.each([MAX_FORM_ITEMS + 1, 8_000, 25_000])('of %i items is refused at once', (count) => {
    const files = packageOf(`{"nodes": [${NODE}]}`, formOf(count));
    const milliseconds = measureCpuTimeMs(() => {
      expect(validatePackage(files).errors).toMatchObject([
        { message: `has ${count} items, groups included; the limit is ${MAX_FORM_ITEMS}` },
      ]);
    });
    expect(milliseconds).toBeLessThan(LONGEST_MS);
  });

  it.each([50_000, 100_000])('of %i items without anything in them is refused at once', (count) => {
    const config = `{"properties":[${Array.from({ length: count }, () => '{}').join(',')}]}`;
    const milliseconds = measureCpuTimeMs(() => {
      expect(validatePackage(packageOf('{}', config)).errors[0]?.message).toContain('the limit is');
    });
    expect(milliseconds).toBeLessThan(LONGEST_MS);
  });

  it('counts the items of groups', () => {
    const group = (size: number) => ({
      key: `g${size}`,
      type: 'array',
      properties: JSON.parse(formOf(size)).properties,
    });
    const config = JSON.stringify({ properties: [group(1_000), group(999)] });
    expect(() => parseForm(config)).toThrow(`has 2001 items, groups included`);
  });

  it('checks a multiple choice in linear time', () => {
    const choices = Array.from({ length: 50_000 }, (_, index) => `c${index}`);
    const item = { key: 'm', type: 'string', multichoice: true, range: choices, default: choices.join(',') };
    const milliseconds = measureCpuTimeMs(() => {
      const form = parseForm(JSON.stringify({ properties: [item] }));
      expect(() => validateConf(form, { m: [...choices, 'c1'].reverse() })).toThrow('is chosen twice');
    });
    expect(milliseconds).toBeLessThan(LONGEST_MS);
  });
});

describe('a conf', () => {
  it('of fifty thousand keys that the form does not know is refused at once', () => {
    const form = parseForm(formOf(MAX_FORM_ITEMS));
    const conf = Object.fromEntries(Array.from({ length: 50_000 }, (_, index) => [`u${index}`, 1]));
    const milliseconds = measureCpuTimeMs(() => {
      expect(() => validateConf(form, conf)).toThrow(/no such key.*\(2000 in all\).*more/);
    });
    expect(milliseconds).toBeLessThan(LONGEST_MS);
  });
});

describe('a pattern of a form', () => {
  it.each(['^(a+)+$', '^(a|a)*$', '(a*)*b$', '^(\\w+\\s?)*$'])('takes linear time: %s', (pattern) => {
    const files = withPattern(pattern);
    const milliseconds = measureCpuTimeMs(() => {
      expect(validatePackage(files).errors).toEqual([]);
      const parse = (name: string) => makeCluster(confRequest(toContent(files), { cluster: { name } }));
      expect(() => parse(`${'a'.repeat(40)}!`)).toThrow('does not match the pattern');
      expect(() => parse(`${'a'.repeat(4_000)}!`)).toThrow('does not match the pattern');
    });
    expect(milliseconds).toBeLessThan(LONGEST_MS);
  });

  it('is not checked where it looks ahead, which is said', () => {
    const files = withPattern('^(?=.*[0-9]).{8,}$');
    expect(validatePackage(files).warnings[0]?.message).toContain('values are not checked against it');
    const { cluster } = makeCluster(confRequest(toContent(files), { cluster: { name: 'short' } }));
    expect(cluster.name).toBe('short');
  });

  it('has a limit of work for all values together, and the conf is refused with it', () => {
    const properties = Array.from({ length: 60 }, (_, index) => ({
      key: `k${index}`,
      label: 'k',
      type: 'string',
      required: 'no',
      default: '',
      pattern: '^[ab]*a[ab]{900}c$',
    }));
    const form = parseForm(JSON.stringify({ properties }));
    const conf = Object.fromEntries(properties.map(({ key }) => [key, 'ab'.repeat(4_000)]));
    const milliseconds = measureCpuTimeMs(() => {
      expect(() => validateConf(form, conf)).toThrow(
        expect.objectContaining({
          code: 'CONF_INVALID',
          details: expect.arrayContaining([
            {
              field: 'k59',
              message: expect.stringMatching(/its patterns take too long: the limit is \d+ steps/),
            },
          ]),
        }),
      );
    });
    expect(milliseconds).toBeLessThan(LONGEST_MS);
  });
});

describe('a template of cluster.json', () => {
  it.each([
    ['comments that do not end', '{{!'.repeat(300_000), 'mustache'],
    ['comments of Go that do not end', '{{/*'.repeat(300_000), 'tmpl'],
    ['comments of Go that end in spaces', `${'{{/*'.repeat(200_000)}*/${' '.repeat(500_000)}x`, 'tmpl'],
    ['braces', '{'.repeat(1_000_000), 'mustache'],
    ['braces and space', '{{ '.repeat(300_000), 'tmpl'],
    ['closed braces', '{{}}'.repeat(300_000), 'mustache'],
    ['placeholders', '{{cluster.name}}'.repeat(100_000), 'mustache'],
    ['placeholders of dots', `{{${'.'.repeat(500)}}}`.repeat(3_000), 'mustache'],
    ['unknown placeholders', '[{{cluster.nam}}]'.repeat(100_000), 'mustache'],
  ])('is read in linear time: %s', (_, text, syntax) => {
    const files = [textFile('config.json', CONFIG), textFile(`cluster.json.${syntax}`, text)];
    const milliseconds = measureCpuTimeMs(() =>
      expect(validatePackage(files).errors.length).toBeGreaterThan(0),
    );
    expect(milliseconds).toBeLessThan(LONGEST_MS);
  });

  it('may hold as many placeholders as the limit, and no more', () => {
    const withPlaceholders = (count: number) =>
      packageOf(
        `{"nodes": [${NODE}], "x": [${Array.from({ length: count - 1 }, () => '{{cluster.count}}').join(',')}]}`,
      );
    expect(validatePackage(withPlaceholders(MAX_PLACEHOLDERS)).errors).toEqual([]);
    expect(validatePackage(withPlaceholders(MAX_PLACEHOLDERS + 1)).errors).toMatchObject([
      { message: `too many placeholders; the limit is ${MAX_PLACEHOLDERS}` },
    ]);
  });

  it('is refused where the values in it make it larger than a JSON document may be', () => {
    const files = packageOf(
      `{"nodes": [${NODE}], "x": [${Array.from({ length: 1_000 }, () => '{{cluster.name}}').join(',')}]}`,
    );
    const parse = () =>
      makeCluster(confRequest(toContent(files), { cluster: { name: 'x'.repeat(400_000) } }));
    expect(measureCpuTimeMs(() => expect(parse).toThrow(/the conf is not valid/))).toBeLessThan(LONGEST_MS);
  });
});

describe('parseJson', () => {
  it.each([
    ['at the limit of its depth', '['.repeat(MAX_JSON_DEPTH) + ']'.repeat(MAX_JSON_DEPTH), null],
    ['deeper', '['.repeat(MAX_JSON_DEPTH + 2) + ']'.repeat(MAX_JSON_DEPTH + 2), 'nested too deeply'],
    ['a million brackets', '['.repeat(1_000_000), 'nested too deeply'],
    ['a string of escapes', `"${'\\n'.repeat(1_000_000)}"`, null],
    ['a string of escapes that does not end', `"${'\\n'.repeat(1_000_000)}`, 'not closed'],
    ['duplicate keys', `{${'"a":1,'.repeat(100_000)}"a":1}`, null],
    ['spaces', ' '.repeat(2_000_000), 'the text ends'],
    ['long numbers', '1'.repeat(2_000_000), 'too large'],
  ])('ends at once: %s', (_, text, fault) => {
    const milliseconds = measureCpuTimeMs(() => {
      const parsed = parseJson(text);
      if (fault === null) expect(parsed).toHaveProperty('value');
      else expect(parsed).toMatchObject({ fault: { message: expect.stringContaining(fault) } });
    });
    expect(milliseconds).toBeLessThan(LONGEST_MS);
  });
});
