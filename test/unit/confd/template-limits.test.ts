import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findTemplateFaults, renderTemplateText } from '../../../src/confd/template-text.ts';
import { MAX_TEMPLATE_OUTPUT_BYTES, MAX_TEMPLATE_VALUE_BYTES } from '../../../src/domain/index.ts';
import { measureCpuTimeMs } from '../../kit/measure-cpu-time.ts';

const LONGEST_MS = 5_000;

const values = new Map(
  Array.from({ length: 200 }, (_, index) => [`/hosts/h${index}/ip`, `10.0.0.${index}`] as const),
);

/** The fault of a template, or how many bytes it writes. */
function render(text: string): string | number {
  const result = renderTemplateText(text, values);
  return 'fault' in result ? result.fault.message : result.content.byteLength;
}

/** `$x` made of itself again and again. */
function repeat(first: string, next: string, times = 60): string {
  return `{{$x := ${first}}}{{range seq 1 ${times}}}{{$x = ${next}}}{{end}}{{len (print $x)}}`;
}

const WIDTH = 2 ** 19;
const HUGE = 'printf "%01000000d" 0';

describe('a template', () => {
  it.each([
    ['replace', repeat('"aaaaaaaaaa"', 'replace $x "a" "aaaaaaaaaa" -1')],
    ['replace of nothing', repeat('"aaaaaaaaaa"', 'replace $x "" "aaaaaaaaaa" -1')],
    [
      'replace after printf',
      '{{$x := replace (printf "%01000d" 0) "0" "aaaaaaaaaaaaaaaaaaaaaaaa" -1}}{{range seq 1 8}}{{$x = replace $x "a" "aaaaaaaaaa" -1}}{{end}}{{len $x}}',
    ],
    ['print', repeat('"aa"', 'print $x $x')],
    ['println', repeat('"aa"', 'println $x $x $x')],
    ['printf', repeat('"aa"', 'printf "%s%s" $x $x')],
    ['printf by position', repeat('"aa"', 'printf "%[1]s%[1]s%[1]s%[1]s" $x')],
    ['widths of many', `{{printf "${'%[1]1000000d'.repeat(100)}" 1}}`],
    ['precisions', `{{printf "${'%[1].1000000f'.repeat(100)}" 1.5}}`],
    ['precisions of integers', `{{printf "${'%[1].1000000d'.repeat(100)}" 1}}`],
    ['precisions of characters', `{{printf "${'%[1].1000000U'.repeat(100)}" 1}}`],
    ['widths of a list', '{{printf "%1000000d" (seq 1 100000)}}'],
    ['widths from an argument', `{{printf "${'%[1]*[2]d'.repeat(100)}" 1000000 1}}`],
    ['join', repeat('"aaaaaaaa"', 'join (split $x "") $x')],
    ['join of a large separator', `{{len (join (split (${HUGE}) "0") (${HUGE}))}}`],
    ['html', repeat('"<<<<"', 'html $x'), 3],
    ['js', repeat('"<<<<"', 'js $x')],
    ['urlquery', repeat('"<<<<"', 'urlquery $x'), 3],
    ['quotation', repeat('"\\\\\\\\"', 'printf "%q" $x')],
    ['hexadecimal', repeat('"abcd"', 'printf "%x" $x')],
    ['base64Encode', repeat('"abcd"', 'base64Encode $x', 100)],
    ['toJson', repeat('"\\"\\"\\""', 'toJson $x')],
    ['a map of maps', repeat('map "a" 1', 'map "a" $x "b" $x')],
    ['a deep map', repeat('map "a" 1', 'map "a" $x', 100_000)],
    ['json that nests', `{{toJson (jsonArray "${'['.repeat(5_000)}${']'.repeat(5_000)}")}}`],
    ['split', `{{range split (${HUGE}) ""}}{{range split (${HUGE}) ""}}{{end}}{{end}}`],
    ['a sequence', '{{len (seq 1 100000000000)}}'],
    ['sequences', '{{range seq 1 100000}}{{range seq 1 100000}}{{end}}{{end}}'],
    ['a range over a number', '{{range 1000000000}}{{end}}'],
    ['ranges that break', '{{range seq 1 100000}}{{range 1999999}}{{break}}{{end}}{{end}}'],
    ['output', `{{$x := ${HUGE}}}{{range seq 1 100000}}{{$x}}{{end}}`],
    ['slices', '{{$l := seq 1 100000}}{{range seq 1 100000}}{{$m := slice $l 1}}{{end}}'],
    ['comparisons', `{{$x := ${HUGE}}}{{range seq 1 100000}}{{if contains $x "1"}}{{end}}{{end}}`],
    ['upper case', `{{$x := ${HUGE}}}{{range seq 1 100000}}{{$y := toUpper $x}}{{end}}`],
    [
      'sorting',
      '{{$l := split (printf "%0300000d" 0) ""}}{{range seq 1 100000}}{{$m := sortByLength $l}}{{end}}',
    ],
    ['a template that calls itself', '{{define "a"}}{{template "a"}}{{end}}{{template "a"}}'],
    [
      'a template that calls itself twice',
      '{{define "a"}}{{template "a"}}{{template "a"}}{{end}}{{template "a"}}',
    ],
    ['numerals', `{{add (${HUGE}) 1}}`],
    ['integers', `{{atoi (${HUGE})}}`],
    ['a number', `{{${'9'.repeat(500_000)}}}`],
    ['looks for keys', '{{range seq 1 100000}}{{gets "/hosts/*/ip"}}{{end}}'],
    ['stars', `{{range seq 1 100000}}{{gets "/${'*h'.repeat(200)}"}}{{end}}`],
    ['a long path', `{{gets "/${'a*'.repeat(5_000)}"}}`],
    ['lists of keys', '{{range seq 1 100000}}{{ls "/hosts"}}{{lsdir "/hosts"}}{{end}}'],
    ['parentheses', `{{${'('.repeat(100_000)}1${')'.repeat(100_000)}}}`],
    ['blocks', `${'{{if true}}'.repeat(50_000)}${'{{end}}'.repeat(50_000)}`],
    ['pipelines', `{{1${'|print'.repeat(20_000)}}}`, 1],
    ['unknown functions', '{{nosuch}}'.repeat(80_000)],
    ['spaces before a trim', `{{1}}${' '.repeat(500_000)}x{{- 1}}`, 500_003],
    ['slashes', '{{base (print (replace (printf "%0300000d" 0) "0" "/" -1) "a")}}', 1],
    [
      'a pattern that would go back',
      '{{len (filter "^(a+)+$" (split "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!" ","))}}',
      1,
    ],
    [
      'patterns',
      '{{$l := seq 1 100}}{{range seq 1 100000}}{{$m := filter "(a|b){200}" (split "aaaa" "")}}{{end}}',
    ],
    ['large patterns', '{{filter "(a{1,1000}){1,1000}" (split "aaaa" "")}}'],
  ])('ends at once, within its limits: %s', (_, text, expected: number | string = 'string') => {
    let result: string | number = '';
    const milliseconds = measureCpuTimeMs(() => {
      findTemplateFaults(text);
      result = render(text);
    });
    if (typeof expected === 'number') expect(result).toBe(expected);
    else expect(result).toEqual(expect.any(String));
    expect(result).not.toContain?.('call stack');
    expect(milliseconds).toBeLessThan(LONGEST_MS);
  });

  it('may make values as large as the limit, and names the limit of those beyond', () => {
    const part = `(printf "%0${MAX_TEMPLATE_VALUE_BYTES / 4}d" 0)`;
    const write = (more: string) => `{{with print ${part} ${part} ${part} ${part} ${more}}}ok{{end}}`;
    expect(render(write('""'))).toBe(2);
    expect(render(write('"x"'))).toContain(`the limit is ${MAX_TEMPLATE_VALUE_BYTES} bytes`);
  });

  it('may write as much as the limit, and names the limit of what is beyond', () => {
    const write = (count: number) => `{{$x := printf "%0${WIDTH}d" 0}}{{range seq 1 ${count}}}{{$x}}{{end}}`;
    const count = MAX_TEMPLATE_OUTPUT_BYTES / WIDTH;
    expect(render(write(count - 1))).toBe(MAX_TEMPLATE_OUTPUT_BYTES - WIDTH);
    expect(render(write(count))).toBe(MAX_TEMPLATE_OUTPUT_BYTES);
    expect(render(write(count + 1))).toContain(`larger than ${MAX_TEMPLATE_OUTPUT_BYTES} bytes`);
  });

  it('of any shape ends, and makes no more than its limits', () => {
    const operand = fc.constantFrom('$x', '$y', '.', '"ab"', '7', '""', '(seq 1 9)', '(print $x $y)');
    const call = fc.oneof(
      fc.tuple(fc.constantFrom('print', 'println', 'html', 'js', 'toJson', 'len', 'map'), operand, operand),
      fc.tuple(fc.constantFrom('split', 'join', 'contains', 'eq', 'index', 'slice'), operand, operand),
      fc.tuple(fc.constantFrom('toUpper', 'base64Encode', 'reverse', 'urlquery', 'jsonArray'), operand),
      fc.tuple(fc.constant('printf "%[1]99999v%[1]q%[1]x"'), operand),
      fc.tuple(fc.constant('replace'), operand, operand, operand, fc.constant('-1')),
    );
    const line = call.map((parts) => parts.join(' '));
    const statement = fc.oneof(
      line.map((code) => `{{$x = ${code}}}`),
      line.map((code) => `{{$y = ${code}}}`),
      line.map((code) => `{{${code}}}`),
    );
    const body = fc.array(statement, { minLength: 1, maxLength: 4 }).map((parts) => parts.join(''));
    const text = fc
      .tuple(body, body, fc.integer({ min: 1, max: 300 }))
      .map(
        ([once, again, times]) =>
          `{{$x := "ab"}}{{$y := "<'\\n>"}}${once}{{range seq 1 ${times}}}${again}{{end}}`,
      );
    fc.assert(
      fc.property(text, (source) => {
        let result: string | number = '';
        const milliseconds = measureCpuTimeMs(() => {
          result = render(source);
        });
        expect(milliseconds).toBeLessThan(LONGEST_MS);
        if (typeof result === 'number') expect(result).toBeLessThanOrEqual(MAX_TEMPLATE_OUTPUT_BYTES);
        else expect(result).not.toContain('call stack');
      }),
      { numRuns: 40 },
    );
  });
});
