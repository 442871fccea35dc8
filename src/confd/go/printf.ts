import { splitRunes, toBytes, type ByteString } from './bytes.ts';
import { formatFloat, type FloatVerb } from './format-float.ts';
import { checkBytes } from './measure.ts';
import { printValue } from './print.ts';
import { isPrintable, quote } from './quote.ts';
import { GoList, GoMap, GoPair, sortedEntries, typeName, type Value } from './values.ts';

interface Directive {
  plus: boolean;
  minus: boolean;
  sharp: boolean;
  space: boolean;
  zero: boolean;
  width: number | null;
  precision: number | null;
  /** Widths and precisions count against the size limit of a text. */
  fill(bytes: number): void;
}

/** Widths and precisions beyond this are refused, as in Go. */
const MAX_WIDTH = 1_000_000;

/**
 * Go's Sprintf, over byte strings. An argument that does not fit is reported in the text itself, as in Go.
 *
 * @throws Error for `%#v`, and for floats with `%b`, `%x` or `#`: they print Go's own syntax, which is of no use in
 * a file of a node.
 */
export function printf(format: ByteString, values: readonly Value[]): ByteString {
  let result = '';
  let next = 0;
  let reordered = false;
  let filled = 0;
  const fill = (bytes: number): void => {
    filled += bytes;
    checkBytes(filled);
  };
  for (let index = 0; index < format.length; index += 1) {
    const sign = format.charAt(index);
    if (sign !== '%') {
      result += sign;
      continue;
    }
    const read = readDirective(format, index + 1, { values, next, fill });
    result += read.complaint;
    next = read.next;
    index = read.index;
    if (read.reordered) reordered = true;
    const verb = runeAt(format, index);
    if (verb === '') return `${result}%!(NOVERB)`;
    index += verb.length - 1;
    if (verb === '%') {
      result += '%';
    } else if (read.badIndex) {
      result += `%!${verb}(BADINDEX)`;
    } else if (next >= values.length) {
      result += `%!${verb}(MISSING)`;
    } else {
      result += formatValue(values[next], verb, read.directive);
      next += 1;
    }
    checkBytes(result.length);
  }
  return reordered || next >= values.length ? result : result + describeExtra(values.slice(next));
}

function describeExtra(values: readonly Value[]): string {
  const described = values.map((value) =>
    value === undefined || value === null ? '<nil>' : `${typeName(value)}=${printValue(value)}`,
  );
  return `%!(EXTRA ${described.join(', ')})`;
}

/** The bytes of the character at a position of a byte string. */
function runeAt(text: ByteString, index: number): ByteString {
  const lead = text.charCodeAt(index);
  if (Number.isNaN(lead)) return '';
  const length = lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  return text.slice(index, index + length);
}

interface ReadDirective {
  readonly directive: Directive;
  readonly index: number;
  readonly next: number;
  readonly complaint: string;
  /** An index such as `[1]` was given: then no argument counts as extra. */
  readonly reordered: boolean;
  readonly badIndex: boolean;
}

function readDirective(
  format: ByteString,
  start: number,
  given: { readonly values: readonly Value[]; readonly next: number; readonly fill: Directive['fill'] },
): ReadDirective {
  const { values, fill } = given;
  let index = start;
  let { next } = given;
  let complaint = '';
  const directive: Directive = {
    plus: false,
    minus: false,
    sharp: false,
    space: false,
    zero: false,
    width: null,
    precision: null,
    fill,
  };
  for (; '+-# 0'.includes(format.charAt(index)) && format.charAt(index) !== ''; index += 1) {
    const flag = format.charAt(index);
    if (flag === '+') directive.plus = true;
    else if (flag === '-') directive.minus = true;
    else if (flag === '#') directive.sharp = true;
    else if (flag === ' ') directive.space = true;
    else directive.zero = true;
  }
  let reordered = false;
  let badIndex = false;
  const readIndex = (): void => {
    const match = /^\[(\d*)\]/.exec(format.slice(index, index + 12));
    if (match === null) return;
    reordered = true;
    index += match[0].length;
    const place = Number(match[1]);
    if (place >= 1 && place <= values.length) next = place - 1;
    else badIndex = true;
  };
  readIndex();
  if (format.charAt(index) === '*') {
    index += 1;
    const width = takeNumber(values[next]);
    next += 1;
    if (width === null) complaint += '%!(BADWIDTH)';
    else {
      directive.width = Math.abs(width);
      if (width < 0) directive.minus = true;
    }
  } else {
    const digits = /^\d*/.exec(format.slice(index, index + 8))?.[0] ?? '';
    if (digits !== '') directive.width = Number(digits);
    index += digits.length;
  }
  if (format.charAt(index) === '.') {
    index += 1;
    readIndex();
    if (format.charAt(index) === '*') {
      index += 1;
      const precision = takeNumber(values[next]);
      next += 1;
      if (precision === null) complaint += '%!(BADPREC)';
      else if (precision >= 0) directive.precision = precision;
      else complaint += '%!(BADPREC)';
    } else {
      const digits = /^\d*/.exec(format.slice(index, index + 8))?.[0] ?? '';
      directive.precision = Number(digits);
      index += digits.length;
    }
  }
  readIndex();
  return { directive, index, next, complaint, reordered, badIndex };
}

function takeNumber(value: Value): number | null {
  if (typeof value !== 'bigint' || value > BigInt(MAX_WIDTH) || value < -BigInt(MAX_WIDTH)) return null;
  return Number(value);
}

function formatValue(value: Value, verb: ByteString, directive: Directive): ByteString {
  if (verb === 'v' && directive.sharp)
    throw new Error('%#v prints the syntax of Go, and is refused; use %v or %q');
  if (verb === 'T') return pad(value === undefined || value === null ? '<nil>' : typeName(value), directive);
  if (value === undefined || value === null) {
    return verb === 'v' ? pad('<nil>', directive) : `%!${verb}(<nil>)`;
  }
  // An error is not a value of a template: its verb fits nothing, so it is not applied to elements.
  if (verb === 'w' && typeof value === 'object') return `%!w(${typeName(value)}=${printValue(value)})`;
  // Every verb is applied to the elements; an element that is nothing is written the same under all verbs.
  const inner = (item: Value): ByteString =>
    item === undefined || item === null ? '<nil>' : formatValue(item, verb, directive);
  if (value instanceof GoList) return `[${value.items.map(inner).join(' ')}]`;
  if (value instanceof GoMap) {
    const items = sortedEntries(value).map(([key, item]) => `${inner(key)}:${inner(item)}`);
    return `map[${items.join(' ')}]`;
  }
  if (value instanceof GoPair) {
    const name = (field: string): string => (verb === 'v' && directive.plus ? `${field}:` : '');
    const key = formatValue(value.key, verb, directive);
    return `{${name('Key')}${key} ${name('Value')}${formatValue(value.value, verb, directive)}}`;
  }
  // %+v only has a meaning for structs.
  const flags = verb === 'v' ? { ...directive, plus: false } : directive;
  return formatScalar(value, verb, flags) ?? badVerb(value, verb, directive);
}

/** A value that does not fit its verb is shown with its type, as `v` would with the same flags. */
function badVerb(
  value: string | bigint | number | boolean,
  verb: ByteString,
  directive: Directive,
): ByteString {
  return `%!${verb}(${typeName(value)}=${formatScalar(value, 'v', directive) ?? ''})`;
}

/** Null where the verb does not fit the value's type. */
function formatScalar(
  value: string | bigint | number | boolean,
  verb: ByteString,
  directive: Directive,
): ByteString | null {
  if (typeof value === 'boolean') return verb === 't' || verb === 'v' ? pad(String(value), directive) : null;
  if (typeof value === 'string') return formatString(value, verb, directive);
  return typeof value === 'bigint' ? formatInt(value, verb, directive) : formatNumber(value, verb, directive);
}

function formatString(value: ByteString, verb: ByteString, directive: Directive): ByteString | null {
  switch (verb) {
    case 'v':
    case 's':
      return pad(cut(value, directive), directive);
    case 'q':
      return pad(quote(cut(value, directive), { raw: directive.sharp, ascii: directive.plus }), directive);
    case 'x':
    case 'X':
      return pad(toHex(value, verb, directive), directive);
    default:
      return null;
  }
}

function cut(value: ByteString, { precision }: Directive): ByteString {
  if (precision === null) return value;
  return splitRunes(value).slice(0, precision).join('');
}

function toHex(value: ByteString, verb: 'x' | 'X', directive: Directive): string {
  const bytes = directive.precision === null ? value : value.slice(0, directive.precision);
  const prefix = directive.sharp ? `0${verb}` : '';
  const pairs = Array.from(bytes, (byte) => byte.charCodeAt(0).toString(16).padStart(2, '0'));
  if (pairs.length === 0) return '';
  const text = directive.space ? pairs.map((one) => prefix + one).join(' ') : prefix + pairs.join('');
  return verb === 'X' ? text.toUpperCase() : text;
}

const BASES: Readonly<Record<string, number>> = { d: 10, v: 10, b: 2, o: 8, O: 8, x: 16, X: 16 };

function formatInt(value: bigint, verb: ByteString, directive: Directive): ByteString | null {
  const base = BASES[verb];
  if (base !== undefined) return formatInBase(value, verb, base, directive);
  const isRune = value >= 0n && value <= 0x10ffffn && (value < 0xd800n || value >= 0xe000n);
  const character = (): string => String.fromCodePoint(isRune ? Number(value) : 0xfffd);
  switch (verb) {
    case 'c':
      return pad(toBytes(character()), directive);
    case 'q': {
      const quoted = quote(toBytes(character()), { raw: false, ascii: directive.plus, mark: "'" });
      return pad(quoted, directive);
    }
    case 'U':
      return pad(toUnicode(value, isRune ? character() : '', directive), directive);
    default:
      return null;
  }
}

function toUnicode(value: bigint, character: string, directive: Directive): ByteString {
  directive.fill(directive.precision ?? 0);
  const unsigned = BigInt.asUintN(64, value).toString(16).toUpperCase();
  const text = `U+${unsigned.padStart(Math.max(4, directive.precision ?? 4), '0')}`;
  return directive.sharp && isPrintable(character) ? toBytes(`${text} '${character}'`) : text;
}

function formatInBase(value: bigint, verb: string, base: number, directive: Directive): ByteString {
  const magnitude = (value < 0n ? -value : value).toString(base);
  const sign = value < 0n ? '-' : directive.plus ? '+' : directive.space ? ' ' : '';
  let digits = verb === 'X' ? magnitude.toUpperCase() : magnitude;
  let { zero } = directive;
  directive.fill((directive.precision ?? 0) + (directive.width ?? 0));
  if (directive.precision !== null) {
    if (directive.precision === 0 && value === 0n) return ' '.repeat(directive.width ?? 0);
    digits = digits.padStart(directive.precision, '0');
    zero = false;
  } else if (zero && !directive.minus && directive.width !== null) {
    digits = digits.padStart(directive.width - sign.length, '0');
  }
  return pad(sign + basePrefix(verb, digits, directive) + digits, { ...directive, zero });
}

function basePrefix(verb: string, digits: string, { sharp }: Directive): string {
  if (verb === 'O') return '0o';
  if (!sharp) return '';
  if (verb === 'x' || verb === 'X') return `0${verb}`;
  if (verb === 'b') return '0b';
  return verb === 'o' && !digits.startsWith('0') ? '0' : '';
}

function formatNumber(value: number, verb: ByteString, directive: Directive): ByteString | null {
  if (directive.sharp || verb === 'b' || verb === 'x' || verb === 'X') {
    throw new Error(
      `%${directive.sharp ? '#' : ''}${verb} of a float prints the syntax of Go, and is refused; use %f, %e or %g`,
    );
  }
  if (!'vgGfFeE'.includes(verb)) return null;
  directive.fill((directive.precision ?? 0) + (directive.width ?? 0));
  const text = formatFloat(value, verb as FloatVerb, directive.precision);
  const bare = text.replace(/^[+-]/, '');
  const negative = text.startsWith('-');
  const sign = negative ? '-' : directive.plus ? '+' : directive.space ? ' ' : '';
  const infinite = /Inf|NaN/.test(text);
  // Infinity keeps its sign, and is never padded with zeros.
  if (infinite)
    return pad(
      (text === '+Inf' && directive.plus ? '+' : sign) +
        bare.replace('Inf', text === '+Inf' && sign === '' ? '+Inf' : 'Inf'),
      { ...directive, zero: false },
    );
  if (directive.zero && !directive.minus && directive.width !== null) {
    return sign + bare.padStart(directive.width - sign.length, '0');
  }
  return pad(sign + bare, directive);
}

/** Pads to the width, which counts characters. */
function pad(text: ByteString, { width, minus, zero, fill }: Directive): ByteString {
  if (width === null) return text;
  const missing = width - splitRunes(text).length;
  if (missing <= 0) return text;
  fill(missing);
  if (minus) return text + ' '.repeat(missing);
  return (zero ? '0' : ' ').repeat(missing) + text;
}
