import { splitRunes, toText } from './bytes.ts';
import type { NumberNode } from './syntax.ts';
import { TemplateFault } from './template-fault.ts';
import { unquote } from './unquote.ts';

const MIN_INT = -(2n ** 63n);
const MAX_INT = 2n ** 63n - 1n;

/** `'a'` is the number of that character. @throws TemplateFault */
export function readCharacter(text: string, offset: number): NumberNode {
  const value = unquote(text);
  const runes = value === null ? [] : splitRunes(value).map(toText);
  const code = runes[0]?.codePointAt(0);
  if (runes.length !== 1 || code === undefined) {
    throw new TemplateFault(`${text} is not one character`, offset);
  }
  return { kind: 'number', text, int: BigInt(code), float: code, isFloat: false, offset };
}

/** @throws TemplateFault for text that is not a number, or not an int of 64 bits. */
export function readNumber(text: string, offset: number): NumberNode {
  const int = readInt(text);
  if (int !== null) {
    return { kind: 'number', text, int, float: Number(int), isFloat: false, offset };
  }
  const float = readFloat(text);
  if (float === null || !/[.eEpP]/.test(text)) {
    throw new TemplateFault(`${text} is not a number, or is too large`, offset);
  }
  const whole = Number.isInteger(float) ? BigInt(float) : null;
  const fits = whole !== null && whole >= MIN_INT && whole <= MAX_INT;
  return { kind: 'number', text, int: fits ? whole : null, float, isFloat: true, offset };
}

/**
 * No number of Go's needs that many digits, and reading one takes time that grows with the square of its
 * length.
 */
const MAX_NUMBER_CHARACTERS = 1_000;

function readInt(text: string): bigint | null {
  if (text.length > MAX_NUMBER_CHARACTERS) return null;
  const match = /^([+-]?)(0[xX][0-9a-fA-F_]+|0[oO]?[0-7_]+|0[bB][01_]+|[1-9][0-9_]*|0)$/.exec(text);
  if (match === null) return null;
  const digits = match[2] ?? '';
  if (!underscoresStandWell(digits)) return null;
  const plain = digits.replaceAll('_', '');
  // An old octal number has no letter.
  const value = BigInt(/^0[0-7]+$/.test(plain) ? `0o${plain}` : plain);
  const signed = match[1] === '-' ? -value : value;
  return signed < MIN_INT || signed > MAX_INT ? null : signed;
}

/** Underscores must be between digits, or after the prefix of a base. */
function underscoresStandWell(digits: string): boolean {
  return !digits.includes('_') || /^(0[xXoObB]?_?)?[0-9a-fA-F]+(_[0-9a-fA-F]+)*$/.test(digits);
}

function readFloat(text: string): number | null {
  if (text.includes('_')) return null;
  const hex = /^([+-]?)0[xX]([0-9a-fA-F]*)\.?([0-9a-fA-F]*)[pP]([+-]?\d+)$/.exec(text);
  if (hex !== null) {
    const [, sign = '', whole = '', part = '', exponent = '0'] = hex;
    if (whole + part === '') return null;
    const mantissa = Number.parseInt(`0${whole}${part}`, 16);
    const value = mantissa * 2 ** (Number(exponent) - 4 * part.length);
    return sign === '-' ? -value : value;
  }
  if (!/^[+-]?(\d+(?:\.\d*)?|\.\d+)([eE][+-]?\d+)?$/.test(text)) return null;
  const value = Number(text);
  return Number.isFinite(value) ? value : null;
}
