import { toBytes, toText, type ByteString } from './bytes.ts';
import { equalsAny, isLess } from './compare.ts';
import { printf } from './printf.ts';
import { printAll, printLine } from './print.ts';
import type { FunctionTable, TemplateFunction } from './signature.ts';
import { GoList, GoMap, isTrue, typeName, type Value } from './values.ts';

function variadic(call: (values: readonly Value[]) => Value): TemplateFunction {
  return { parameters: ['any'], variadic: true, call };
}

function atLeastOne(call: (first: Value, others: readonly Value[]) => Value): TemplateFunction {
  return {
    parameters: ['any', 'any'],
    variadic: true,
    call: ([first, ...others]) => call(first, others),
  };
}

function ofTwo(call: (left: Value, right: Value) => Value): TemplateFunction {
  return { parameters: ['any', 'any'], call: ([left, right]) => call(left, right) };
}

/**
 * The functions of the template language itself. `and` and `or` are here only for their arguments: the
 * evaluator implements them, because they stop at the first value that decides.
 */
export const BUILTINS: FunctionTable = new Map<string, TemplateFunction>([
  ['and', atLeastOne((first, others) => others.at(-1) ?? first)],
  ['or', atLeastOne((first, others) => others.at(-1) ?? first)],
  ['not', { parameters: ['any'], call: ([value]) => !isTrue(value) }],
  ['len', { parameters: ['any'], call: ([value]) => length(value) }],
  ['index', atLeastOne((item, keys) => keys.reduce(indexOnce, mustExist(item, 'index')))],
  ['slice', atLeastOne((item, bounds) => slice(item, bounds))],
  ['print', variadic(printAll)],
  ['println', variadic(printLine)],
  [
    'printf',
    {
      parameters: ['string', 'any'],
      variadic: true,
      call: ([format, ...values]) => printf(typeof format === 'string' ? format : '', values),
    },
  ],
  ['html', variadic((values) => escapeHtml(printShown(values)))],
  ['js', variadic((values) => escapeJavaScript(printShown(values)))],
  ['urlquery', variadic((values) => escapeQuery(printShown(values)))],
  ['eq', atLeastOne(equalsAny)],
  ['ne', ofTwo((left, right) => !equalsAny(left, [right]))],
  ['lt', ofTwo(isLess)],
  ['le', ofTwo((left, right) => isLess(left, right) || equalsAny(left, [right]))],
  ['gt', ofTwo((left, right) => !isLess(left, right) && !equalsAny(left, [right]))],
  ['ge', ofTwo((left, right) => !isLess(left, right))],
]);

/** The escaping functions print values as an action does. */
function printShown(values: readonly Value[]): ByteString {
  return printAll(values.map((value) => (value === undefined || value === null ? '<no value>' : value)));
}

function length(value: Value): bigint {
  if (typeof value === 'string') return BigInt(value.length);
  if (value instanceof GoList) return BigInt(value.items.length);
  if (value instanceof GoMap) return BigInt(value.entries.size);
  throw new Error(`${typeName(value)} has no length`);
}

function mustExist(value: Value, what: string): Value {
  if (value === undefined || value === null) throw new Error(`${what} of nothing`);
  return value;
}

function indexOnce(item: Value, key: Value): Value {
  if (typeof item === 'string') return BigInt(item.charCodeAt(place(key, item.length, false)));
  if (item instanceof GoList) return item.items[place(key, item.items.length, false)];
  if (item instanceof GoMap) {
    if (typeof key !== 'string') throw new Error(`a map is indexed by a string, not by ${typeName(key)}`);
    // A missing key gives the zero value of an interface.
    return item.entries.has(key) ? item.entries.get(key) : null;
  }
  if (item === null || item === undefined) throw new Error('index of nothing');
  throw new Error(`${typeName(item)} has no index`);
}

function place(key: Value, length: number, mayBeEnd: boolean): number {
  if (typeof key !== 'bigint') throw new Error(`an index is an integer, not ${typeName(key)}`);
  const last = mayBeEnd ? length : length - 1;
  if (key < 0n || key > BigInt(last)) throw new Error(`the index ${key} is out of range`);
  return Number(key);
}

function slice(item: Value, bounds: readonly Value[]): Value {
  mustExist(item, 'slice');
  const length = typeof item === 'string' ? item.length : item instanceof GoList ? item.items.length : null;
  if (length === null) throw new Error(`${typeName(item)} cannot be sliced`);
  if (bounds.length > 2) throw new Error('a slice has two bounds');
  const [from = 0, to = length] = bounds.map((bound) => place(bound, length, true));
  if (from > to) throw new Error(`the bounds ${from} and ${to} are the wrong way round`);
  if (typeof item === 'string') return item.slice(from, to);
  return item instanceof GoList ? new GoList(item.kind, item.items.slice(from, to)) : null;
}

const HTML: Readonly<Record<string, string>> = {
  '\0': toBytes('\ufffd'),
  '"': '&#34;',
  "'": '&#39;',
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
};

function escapeHtml(text: ByteString): ByteString {
  return text.replace(/["'&<>\0]/g, (sign) => HTML[sign] ?? sign);
}

const JAVA_SCRIPT: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  "'": "\\'",
  '"': '\\"',
  '<': '\\u003C',
  '>': '\\u003E',
  '&': '\\u0026',
  '=': '\\u003D',
};

function escapeJavaScript(text: ByteString): ByteString {
  const escaped = Array.from(toText(text), (rune) => {
    const known = JAVA_SCRIPT[rune];
    if (known !== undefined) return known;
    const code = rune.codePointAt(0) ?? 0;
    const printable =
      code >= 0x20 && code !== 0x7f && (code < 0x80 || /[\p{L}\p{M}\p{N}\p{P}\p{S}]/u.test(rune));
    return printable ? rune : `\\u${code.toString(16).toUpperCase().padStart(4, '0')}`;
  });
  return toBytes(escaped.join(''));
}

function escapeQuery(text: ByteString): ByteString {
  return text.replace(/[^A-Za-z0-9_.~-]/g, (byte) =>
    byte === ' ' ? '+' : `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
}
