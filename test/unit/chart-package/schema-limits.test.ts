import { describe, expect, it } from 'vitest';
import { validateChart } from '../../../src/chart-package/index.ts';
import { compileValuesSchema } from '../../../src/chart-package/values-schema.ts';
import { textFile } from '../app-package/packages.ts';
import { measureCpuTimeMs } from '../../kit/measure-cpu-time.ts';

/** What a chart is told of its own values by its own schema. */
function problemsOf(schema: unknown, values = 'text: x\n'): { errors: string[]; warnings: string[] } {
  const { errors, warnings } = validateChart([
    textFile('Chart.yaml', 'apiVersion: v2\nname: web\nversion: 1.0.0\ntype: application\n'),
    textFile('templates/a.yaml', ''),
    textFile('values.yaml', values),
    textFile('values.schema.json', typeof schema === 'string' ? schema : JSON.stringify(schema)),
  ]);
  return {
    errors: errors.map(({ message }) => message),
    warnings: warnings.map(({ message }) => message),
  };
}

describe('the schema of a chart', () => {
  it.each([
    { type: 'object', $ref: '#' },
    { allOf: [{ $ref: '#' }] },
    {
      definitions: { a: { $ref: '#/definitions/b' }, b: { $ref: '#/definitions/a' } },
      $ref: '#/definitions/a',
    },
    { $schema: 'https://json-schema.org/draft/2020-12/schema', $dynamicAnchor: 'n', $dynamicRef: '#n' },
  ])('that refers to itself without end is a warning: %j', (schema) => {
    const { errors, warnings } = problemsOf(schema);
    expect(errors).toEqual([]);
    expect(warnings.join()).toMatch(/cannot be checked/);
  });

  it('that refers to itself through a property is sound', () => {
    expect(problemsOf({ properties: { inner: { $ref: '#' } } }, 'inner: {inner: {}}\n').warnings).toEqual([]);
  });

  it.each(['^(a+)+$', '^(a|a)*$', '(a*)*b$'])('matches patterns in linear time: %s', (pattern) => {
    const schema = { properties: { text: { pattern } }, patternProperties: { [pattern]: { pattern } } };
    const milliseconds = measureCpuTimeMs(() => {
      const { warnings } = problemsOf(schema, `text: ${'a'.repeat(5_000)}!\n`);
      expect(warnings[0]).toContain('must match pattern');
    });
    expect(milliseconds).toBeLessThan(5_000);
  });

  it('has the whole budget of its patterns for each check', () => {
    const result = compileValuesSchema(JSON.stringify({ properties: { text: { pattern: 'x{1000}y' } } }));
    if ('fault' in result) throw new Error(result.fault);
    for (let check = 0; check < 50; check += 1) {
      // A tenth of the budget each time.
      expect(result.schema.check({ text: 'x'.repeat(2_000) })).toEqual([
        { field: 'text', message: expect.stringContaining('pattern') as string },
      ]);
    }
  });

  it('may have patterns that only Go has', () => {
    expect(problemsOf({ properties: { text: { pattern: '(?i)^X$' } } }).warnings).toEqual([]);
  });

  it.each([
    ['(a{1,1000}){1,1000}', 'the limit is'],
    ['a(?=b)', 'RE2'],
    ['x'.repeat(1_001), 'the limit is'],
  ])('with a pattern that is not taken is a warning', (pattern, message) => {
    expect(problemsOf({ properties: { text: { pattern } } }).warnings[0]).toContain(message);
  });

  it.each([
    ['nesting', '['.repeat(100_000), 'is no JSON: nested too deeply; the limit is 100'],
    ['size', ' '.repeat(3_000_000), 'is no JSON: the text has 3000000 characters; the limit is'],
  ])('beyond the limits of JSON documents is an error: %s', (_, text, message) => {
    expect(problemsOf(text).errors[0]).toContain(message);
  });

  it.each(['__proto__', 'constructor', 'toString', '"];throw 1;//', '`${process.exit(1)}`', "\u2028'"])(
    'is data, whatever a key or text of it is: %j',
    (word) => {
      const schema = JSON.parse(
        `{"properties": {${JSON.stringify(word)}: {"type": "string", "const": ${JSON.stringify(word)}}},
          "required": [${JSON.stringify(word)}], "definitions": {${JSON.stringify(word)}: {"type": "object"}}}`,
      ) as unknown;
      expect(problemsOf(schema).errors).toEqual([]);
      expect(({} as Record<string, unknown>)['type']).toBeUndefined();
    },
  );

  it.each(['allOf', 'anyOf', 'oneOf'])(
    'whose parts refer to each other twice ends at once: %s',
    (keyword) => {
      const definitions = Object.fromEntries(
        Array.from({ length: 40 }, (_, index) => {
          const next = { $ref: `#/definitions/d${index + 1}` };
          return [`d${index}`, { [keyword]: [next, next] }];
        }),
      );
      const schema = {
        definitions: { ...definitions, d40: keyword === 'allOf' ? {} : { type: 'string' } },
        $ref: '#/definitions/d0',
      };
      const milliseconds = measureCpuTimeMs(() => {
        expect(problemsOf(schema).warnings[0]).toContain('its parts are evaluated too often; the limit is');
      });
      expect(milliseconds).toBeLessThan(5_000);
    },
  );

  it('compares the items of long lists in linear time', () => {
    const items = Array.from({ length: 20_000 }, (_, index) => ({ a: index }));
    const result = compileValuesSchema('{"properties": {"list": {"uniqueItems": true}}}');
    if ('fault' in result) throw new Error(result.fault);
    const milliseconds = measureCpuTimeMs(() => {
      expect(result.schema.check({ list: items })).toEqual([]);
      expect(result.schema.check({ list: [...items, { a: 7 }] })).toMatchObject([{ field: 'list' }]);
    });
    expect(milliseconds).toBeLessThan(5_000);
  });
});

describe('the values of a chart', () => {
  it.each([
    [512 * 1024, false],
    [512 * 1024 + 1, true],
  ])('of %d characters are over the limit: %s', (characters, over) => {
    const { errors } = problemsOf({}, `a: ${'x'.repeat(characters - 3)}`);
    expect(errors.some((message) => message.includes('the limit is 524288'))).toBe(over);
  });
});
