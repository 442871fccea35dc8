import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compilePattern, createPatternBudget, PatternError } from '../../../src/bounds/index.ts';
import { MAX_PATTERN_CHARACTERS, MAX_PATTERN_INSTRUCTIONS } from '../../../src/domain/index.ts';
import { measureCpuTimeMs } from '../../kit/measure-cpu-time.ts';

describe('compilePattern', () => {
  it.each([
    ['^[a-z]+$', 'abc', true],
    ['^[a-z]+$', 'ab1', false],
    ['[0-9]', 'anywhere 7 counts', true],
    ['', '', true],
    ['^$', '', true],
    ['^v.+', 'v1', true],
    ['^[\\u4e00-\\u9fa5]+$', '漢字', true],
    ['^.$', '𝔸', true],
    ['^(?<major>\\d+)\\.(?<minor>\\d+)$', '1.2', true],
    ['(?i)^abc$', 'ABC', true],
    ['a/b', 'a/b', true],
    ['^\\w{0,24}$', 'a'.repeat(25), false],
    ['a$', 'a\n', false],
    ['^b', 'a\nb', false],
  ])('finds %s in %j: %s', (source, text, found) => {
    expect(compilePattern(source).isFoundIn(text)).toBe(found);
  });

  it('finds what JavaScript finds, for patterns that both know', () => {
    const atom = fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '\\d', '\\w', '(a|b)', '(?:ab)', '\\.', 'é');
    const piece = fc
      .tuple(atom, fc.constantFrom('', '*', '+', '?', '{2}', '{1,3}', '{0,}', '*?'))
      .map((parts) => parts.join(''));
    const pattern = fc
      .tuple(fc.constantFrom('', '^'), fc.array(piece, { maxLength: 5 }), fc.constantFrom('', '$'))
      .map(([start, pieces, end]) => start + pieces.join('') + end);
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '1', '.', 'é', ' '), maxLength: 12 });
    fc.assert(
      fc.property(pattern, text, (source, subject) => {
        expect(compilePattern(source).isFoundIn(subject)).toBe(new RegExp(source).test(subject));
      }),
      { numRuns: 500 },
    );
  });

  it.each<[string, string]>([
    ['(', 'does not compile'],
    ['[', 'does not compile'],
    ['a**', 'does not compile'],
    ['x'.repeat(MAX_PATTERN_CHARACTERS + 1), `the limit is ${MAX_PATTERN_CHARACTERS}`],
    ['(a{1,1000}){1,1000}', `the limit is ${MAX_PATTERN_INSTRUCTIONS}`],
    ['(?:a?b*){1000}'.repeat(2), `the limit is ${MAX_PATTERN_INSTRUCTIONS}`],
    [`(?:${'a?b*'.repeat(240)}){1000}`, `the limit is ${MAX_PATTERN_INSTRUCTIONS}`],
    [`(?:${'[ab][cd]'.repeat(120)}){1000}`, `the limit is ${MAX_PATTERN_INSTRUCTIONS}`],
    [`(?:${'[[:alpha:]()][]a]'.repeat(58)}){1000}`, `the limit is ${MAX_PATTERN_INSTRUCTIONS}`],
    [`\\Q[(\\E(?:${'(|a)'.repeat(240)}){1000}`, `the limit is ${MAX_PATTERN_INSTRUCTIONS}`],
    [`${'a{1000}'.repeat(142)}`, `the limit is ${MAX_PATTERN_INSTRUCTIONS}`],
    ['('.repeat(999), 'does not compile'],
  ])('refuses at once, case %#', (source, message) => {
    const milliseconds = measureCpuTimeMs(() => expect(() => compilePattern(source)).toThrow(message));
    expect(milliseconds).toBeLessThan(5_000);
  });

  it.each(['a(?=b)', 'a(?!b)', '(?<=a)b', '(?<!a)b', '(a)\\1', '(?<n>a)\\k<n>'])(
    'says that %s is sound in JavaScript and needs what RE2 does not have',
    (source) => {
      expect(() => compilePattern(source)).toThrow(
        expect.objectContaining({ needsBacktracking: true, message: expect.stringContaining('RE2') }),
      );
    },
  );

  it('compiles what is at the limits', () => {
    expect(compilePattern('x'.repeat(MAX_PATTERN_CHARACTERS)).isFoundIn('x')).toBe(false);
    expect(compilePattern('a{1000}a{1000}a{1000}a{1000}').isFoundIn('a'.repeat(4_000))).toBe(true);
  });

  it.each([
    '^(a+)+$',
    '^(a|a)*$',
    '^(a|aa)+$',
    '(a*)*b',
    '^(\\w+\\s?)*$',
    '(.*)*x',
    '(x+x+)+y',
    '^(?:a?){25}a{25}$',
    '([a-zA-Z]+)*!',
    '\\s+$',
    '.*.*.*=.*',
    '[ab]*a[ab]{500}c[xy]|q',
  ])('ends quickly over every text: %s', (source) => {
    const texts = [
      `${'a'.repeat(5_000)}!`,
      `${' '.repeat(5_000)}x`,
      'ab'.repeat(2_500),
      `${'x'.repeat(5_000)}`,
      'abbabaabbaababba'.repeat(300),
    ];
    const pattern = compilePattern(source);
    const milliseconds = measureCpuTimeMs(() => texts.map((text) => pattern.isFoundIn(text)));
    expect(milliseconds).toBeLessThan(5_000);
  });

  it('stops where all matches of a budget exceed it, and says so', () => {
    const budget = createPatternBudget();
    const pattern = compilePattern('(?:[ab]*a[ab]{900})+[cd]$', budget);
    const milliseconds = measureCpuTimeMs(() => {
      expect(() => {
        for (let count = 0; count < 10_000; count += 1) pattern.isFoundIn('abba'.repeat(250));
      }).toThrow(/patterns take too long: the limit is/);
    });
    expect(milliseconds).toBeLessThan(5_000);
  });

  it('ends for any text as a pattern: compiled, or with an error of its own', () => {
    const noise = fc.string({
      unit: fc.constantFrom(...Array.from('()[]{}*+?|^$\\.,:=!<>-0129aQEpPdux')),
      maxLength: 60,
    });
    fc.assert(
      fc.property(noise, (source) => {
        try {
          compilePattern(source).isFoundIn('aab'.repeat(20));
        } catch (error) {
          expect(error).toBeInstanceOf(PatternError);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
