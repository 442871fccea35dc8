import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseJson } from '../../../src/app-package/index.ts';

describe('parseJson', () => {
  it('reads what JSON.parse reads, whatever the spacing', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(0, 2, '\t'), (value, space) => {
        const text = JSON.stringify(value, null, space);
        expect(parseJson(text)).toEqual({ value: JSON.parse(text), duplicates: [] });
      }),
    );
  });

  it('refuses what JSON.parse refuses, and only that', () => {
    const pieces = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"a"',
      '1',
      '-',
      '0',
      '.5',
      'e-3',
      'true',
      'nul',
      ' ',
      '"\\x"',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 8 }), (parts) => {
        const text = parts.join('');
        let parses = true;
        try {
          JSON.parse(text);
        } catch {
          parses = false;
        }
        expect('value' in parseJson(text)).toBe(parses);
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ['{"a": 1,\n  "b" 2}', 2, 7, 'there is "2" where ":" is expected'],
    ['{"a": 1', 1, 8, 'the text ends where "," or "}" is expected'],
    ['{"a": "x', 1, 7, 'a string is not closed'],
    ['{"a": "x\ny"}', 1, 7, 'a string holds a raw control character or a wrong escape'],
    ['[1] 2', 1, 5, 'there is "2" where the end of the text is expected'],
    ['\uFEFF{}', 1, 1, 'the file begins with a byte order mark; save it as UTF-8 without one'],
    ['['.repeat(5_000), 1, 102, 'nested too deeply; the limit is 100'],
  ])('says where %.40j goes wrong', (text, line, column, message) => {
    expect(parseJson(text)).toMatchObject({ fault: { line, column, message } });
  });

  it('names keys that occur twice, and keeps the last', () => {
    const result = parseJson('{"a": {"b": 1,\n"b": 2}, "c": [{"d": 1, "d": 2}]}');
    expect(result).toMatchObject({
      value: { a: { b: 2 }, c: [{ d: 2 }] },
      duplicates: [
        { field: 'a.b', line: 2, column: 1 },
        { field: 'c.0.d', line: 2 },
      ],
    });
  });

  it('takes __proto__ as a key like any other', () => {
    const result = parseJson('{"__proto__": {"polluted": true}}');
    const value = 'value' in result ? result.value : null;
    expect(Object.keys(Object(value))).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  });
});
