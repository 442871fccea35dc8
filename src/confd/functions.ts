import { createPatternBudget } from '../bounds/index.ts';
import { filterByPattern } from './filter.ts';
import {
  checkBytes,
  GoList,
  GoMap,
  GoPair,
  splitRunes,
  toBytes,
  toText,
  typeName,
  type FunctionTable,
  type TemplateFunction,
  type Value,
} from './go/index.ts';
import { readJsonArray, readJsonObject, writeJson } from './json-values.ts';
import type { KeyStore } from './key-store.ts';
import { basePath, dirPath } from './paths.ts';

/** `seq` creates no longer lists than this. */
const MAX_SEQUENCE = 100_000;

function ofStrings(count: number, call: (...texts: readonly string[]) => Value): TemplateFunction {
  return {
    parameters: Array.from({ length: count }, () => 'string' as const),
    call: (values) => call(...values.map(asText)),
  };
}

function ofNumbers(call: (left: bigint | number, right: bigint | number) => Value): TemplateFunction {
  return {
    parameters: ['number', 'number'],
    call: ([left, right]) => call(left as bigint | number, right as bigint | number),
  };
}

/** On two ints like Go's int, otherwise on floats. */
function arithmetic(
  onInts: (left: bigint, right: bigint) => bigint,
  onFloats: (left: number, right: number) => number,
): TemplateFunction {
  return ofNumbers((left, right) =>
    typeof left === 'bigint' && typeof right === 'bigint'
      ? BigInt.asIntN(64, onInts(left, right))
      : onFloats(Number(left), Number(right)),
  );
}

function refuseZero<Result>(divide: (left: bigint, right: bigint) => Result) {
  return (left: bigint, right: bigint): Result => {
    if (right === 0n) throw new Error('nothing can be divided by zero');
    return divide(left, right);
  };
}

/** Functions that depend only on their arguments. */
const PURE_FUNCTIONS: readonly (readonly [string, TemplateFunction])[] = [
  ['base', ofStrings(1, (path = '') => basePath(path))],
  ['dir', ofStrings(1, (path = '') => dirPath(path))],
  ['split', ofStrings(2, (text = '', by = '') => split(text, by))],
  ['join', { parameters: ['strings', 'string'], call: ([list, by]) => join(itemsOf(list), asText(by)) }],
  ['toUpper', ofStrings(1, (text = '') => mapText(text, (value) => mapRunes(value, 'toUpperCase')))],
  ['toLower', ofStrings(1, (text = '') => mapText(text, (value) => mapRunes(value, 'toLowerCase')))],
  ['contains', ofStrings(2, (text = '', part = '') => text.includes(part))],
  [
    'replace',
    {
      parameters: ['string', 'string', 'string', 'int'],
      call: ([text, from, to, count]) => replace(asText(text), asText(from), asText(to), count as bigint),
    },
  ],
  ['trimSuffix', ofStrings(2, (text = '', end = '') => trimSuffix(text, end))],
  ['json', ofStrings(1, (text = '') => readJsonObject(text))],
  ['jsonArray', ofStrings(1, (text = '') => readJsonArray(text))],
  ['toJson', { parameters: ['any'], call: ([value]) => writeJson(value) }],
  ['map', { parameters: ['any'], variadic: true, call: createMap }],
  ['base64Encode', ofStrings(1, (text = '') => Buffer.from(text, 'latin1').toString('base64'))],
  ['base64Decode', ofStrings(1, (text = '') => decodeBase64(text))],
  ['parseBool', ofStrings(1, (text = '') => parseBool(text))],
  ['atoi', ofStrings(1, (text = '') => parseInteger(text))],
  ['seq', { parameters: ['int', 'int'], call: ([first, last]) => sequence(first as bigint, last as bigint) }],
  ['reverse', { parameters: ['any'], call: ([value]) => reverse(value) }],
  ['sortByLength', { parameters: ['strings'], call: ([list]) => sortByLength(list) }],
  ['sortKVByLength', { parameters: ['pairs'], call: ([list]) => sortPairsByLength(list) }],
  [
    'add',
    arithmetic(
      (left, right) => left + right,
      (left, right) => left + right,
    ),
  ],
  [
    'sub',
    arithmetic(
      (left, right) => left - right,
      (left, right) => left - right,
    ),
  ],
  [
    'mul',
    arithmetic(
      (left, right) => left * right,
      (left, right) => left * right,
    ),
  ],
  [
    'div',
    arithmetic(
      refuseZero((left, right) => left / right),
      divideFloats,
    ),
  ],
  ['mod', ofNumbers(modulo)],
  ['max', ofNumbers((left, right) => Math.max(Number(left), Number(right)))],
  ['min', ofNumbers((left, right) => Math.min(Number(left), Number(right)))],
];

/** All confd functions that a template may call, over one store of keys. */
export function createFunctions(store: KeyStore): FunctionTable {
  const budget = createPatternBudget();
  return new Map<string, TemplateFunction>([
    ...PURE_FUNCTIONS,
    [
      'filter',
      {
        parameters: ['string', 'any'],
        call: ([pattern, list]) => filterByPattern(asText(pattern), list, budget),
      },
    ],
    ['exists', ofStrings(1, (key = '') => store.exists(key))],
    ['get', ofStrings(1, (key = '') => store.get(key))],
    ['gets', ofStrings(1, (pattern = '') => store.getAll(pattern))],
    [
      'getv',
      {
        parameters: ['string', 'string'],
        variadic: true,
        call: ([key, otherwise]) =>
          store.getValue(asText(key), otherwise === undefined ? undefined : asText(otherwise)),
      },
    ],
    ['getvs', ofStrings(1, (pattern = '') => store.getAllValues(pattern))],
    ['ls', ofStrings(1, (path = '') => store.list(path))],
    ['lsdir', ofStrings(1, (path = '') => store.listDirectories(path))],
  ]);
}

/** The evaluator has checked that a parameter of type string holds one. */
function asText(value: Value): string {
  return typeof value === 'string' ? value : '';
}

function itemsOf(list: Value): readonly string[] {
  return list instanceof GoList ? list.items.map(asText) : [];
}

function mapText(bytes: string, change: (text: string) => string): string {
  return toBytes(change(toText(bytes)));
}

/** Go maps each character to one character: `ß` stays the same, `İ` loses its dot. */
function mapRunes(text: string, change: 'toUpperCase' | 'toLowerCase'): string {
  return Array.from(text)
    .map((rune) => {
      const changed = Array.from(rune[change]());
      return changed.length === 1 || change === 'toLowerCase' ? (changed[0] ?? rune) : rune;
    })
    .join('');
}

function split(text: string, by: string): GoList {
  // With an empty separator, the text is split into single characters.
  const parts = by === '' ? splitRunes(text) : text.split(by);
  return new GoList('string', parts);
}

function join(items: readonly string[], by: string): string {
  checkBytes(by.length * items.length);
  return items.join(by);
}

function replace(text: string, from: string, to: string, count: bigint): string {
  if (from === to || count === 0n) return text;
  const limit = count < 0n ? Number.POSITIVE_INFINITY : Number(count);
  if (from !== '') {
    const parts = text.split(from);
    checkBytes(text.length + (parts.length - 1) * Math.max(0, to.length - from.length));
    if (parts.length - 1 <= limit) return parts.join(to);
    return parts.slice(0, limit + 1).join(to) + from + parts.slice(limit + 1).join(from);
  }
  // The empty text is found before each character and at the end.
  const runes = splitRunes(text);
  checkBytes(text.length + Math.min(runes.length + 1, limit) * to.length);
  return [...runes, ''].map((rune, index) => (index < limit ? to + rune : rune)).join('');
}

function trimSuffix(text: string, end: string): string {
  return end !== '' && text.endsWith(end) ? text.slice(0, -end.length) : text;
}

function createMap(values: readonly Value[]): GoMap {
  if (values.length % 2 !== 0) throw new Error('keys and values come in pairs');
  const entries = new Map<string, Value>();
  for (let index = 0; index < values.length; index += 2) {
    const key = values[index];
    if (typeof key !== 'string') throw new Error(`a key is a string, not ${typeName(key)}`);
    entries.set(key, values[index + 1] ?? null);
  }
  return new GoMap(entries);
}

function decodeBase64(text: string): string {
  // Go ignores line ends.
  const bare = text.replace(/[\r\n]/g, '');
  const valid = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(bare);
  if (!valid) throw new Error('the text is no base64');
  return Buffer.from(bare, 'base64').toString('latin1');
}

const TRUE_WORDS: ReadonlySet<string> = new Set(['1', 't', 'T', 'true', 'TRUE', 'True']);
const FALSE_WORDS: ReadonlySet<string> = new Set(['0', 'f', 'F', 'false', 'FALSE', 'False']);

function parseBool(text: string): boolean {
  if (TRUE_WORDS.has(text)) return true;
  if (FALSE_WORDS.has(text)) return false;
  throw new Error('the text is neither true nor false');
}

/** Leading zeros included. */
const MAX_INTEGER_CHARACTERS = 400;

function parseInteger(text: string): bigint {
  if (!/^[+-]?\d+$/.test(text)) throw new Error('the text is no integer');
  if (text.length > MAX_INTEGER_CHARACTERS) throw new Error('the integer is too large');
  const value = BigInt(text.replace(/^\+/, ''));
  if (BigInt.asIntN(64, value) !== value) throw new Error('the integer is too large');
  return value;
}

function sequence(first: bigint, last: bigint): GoList {
  if (last - first >= BigInt(MAX_SEQUENCE)) {
    throw new Error(`a sequence has at most ${MAX_SEQUENCE} numbers`);
  }
  const length = last < first ? 0 : Number(last - first) + 1;
  return new GoList(
    'int',
    Array.from({ length }, (_, index) => first + BigInt(index)),
  );
}

/**
 * Changes the list in place, as confd does. The result of `gets` has a type of its own, which confd's
 * reverse leaves unchanged.
 */
function reverse(value: Value): Value {
  if (value instanceof GoList && (value.kind === 'string' || value.kind === 'pair')) value.items.reverse();
  return value;
}

/** In place; elements of equal length keep their order. */
function sortByLength(list: Value): Value {
  if (list instanceof GoList) list.items.sort((a, b) => asText(a).length - asText(b).length);
  return list;
}

function sortPairsByLength(list: Value): Value {
  if (!(list instanceof GoList)) return list;
  list.items.sort((a, b) => (a instanceof GoPair && b instanceof GoPair ? a.key.length - b.key.length : 0));
  return new GoList('pair', list.items);
}

function divideFloats(left: number, right: number): number {
  if (right === 0) throw new Error('nothing can be divided by zero');
  return left / right;
}

function modulo(left: bigint | number, right: bigint | number): bigint {
  if (typeof left !== 'bigint' || typeof right !== 'bigint') throw new Error('mod is for integers');
  return refuseZero((a, b) => a % b)(left, right);
}
