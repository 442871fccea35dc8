import { toSafe, type JsonScalar } from './json.ts';

/** The first character decides which forms go-yaml considers for a plain scalar. */
const WORDS: ReadonlyMap<string, JsonScalar> = new Map<string, JsonScalar>([
  ...['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON'].map(
    (word) => [word, true] as const,
  ),
  ...['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF'].map(
    (word) => [word, false] as const,
  ),
  ...['', '~', 'null', 'Null', 'NULL'].map((word) => [word, null] as const),
  ...['.nan', '.NaN', '.NAN'].map((word) => [word, Number.NaN] as const),
  ...['.inf', '.Inf', '.INF', '+.inf', '+.Inf', '+.INF'].map((word) => [word, Infinity] as const),
  ...['-.inf', '-.Inf', '-.INF'].map((word) => [word, -Infinity] as const),
]);

/** The value of a scalar, and whether go-yaml would call it an integer or a float. */
export interface ResolvedScalar {
  readonly value: JsonScalar;
  readonly kind: 'null' | 'bool' | 'int' | 'float' | 'text';
}

/** A plain scalar by go-yaml's rules; it treats sexagesimal numbers and times as text. */
export function resolvePlain(text: string): ResolvedScalar {
  const word = WORDS.get(text);
  if (word !== undefined) return { value: word, kind: kindOf(word) };
  const [first = ''] = text;
  // Only here Go's own rule for underscores applies: between digits.
  if (first === '.') {
    return resolveFloat(text, /^\.[0-9]+(_[0-9]+)*([eE][-+]?[0-9]+(_[0-9]+)*)?$/) ?? asText(text);
  }
  if (!/[-+0-9]/.test(first)) return asText(text);
  const plain = text.replaceAll('_', '');
  const integer = resolveInteger(plain);
  if (integer !== null) return { value: toSafe(integer), kind: 'int' };
  return resolveFloat(plain, /^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/) ?? asText(text);
}

function kindOf(value: JsonScalar): ResolvedScalar['kind'] {
  if (value === null) return 'null';
  return typeof value === 'boolean' ? 'bool' : 'float';
}

function asText(text: string): ResolvedScalar {
  return { value: text, kind: 'text' };
}

const LARGEST = 2n ** 64n - 1n;
const SMALLEST = -(2n ** 63n);

/** Like Go's ParseInt with base 0, then ParseUint: also null for numbers that 64 bits cannot hold. */
function resolveInteger(text: string): bigint | null {
  const match = /^([-+]?)(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|0|[1-9][0-9]*)$/.exec(text);
  if (match === null) return null;
  const [, sign = '', digits = ''] = match;
  // With a sign, only a number that fits the signed form is an integer.
  const octal = /^0[oO]?([0-7]+)$/.exec(digits)?.[1];
  const size = BigInt(octal === undefined ? digits.toLowerCase() : `0o${octal}`);
  const value = sign === '-' ? -size : size;
  const largest = sign === '' ? LARGEST : 2n ** 63n - 1n;
  return value >= SMALLEST && value <= largest ? value : null;
}

function resolveFloat(text: string, form: RegExp): ResolvedScalar | null {
  if (!form.test(text)) return null;
  const value = Number(text.replaceAll('_', ''));
  // Go reports a float that is too large as an error, and then it is text.
  return Number.isFinite(value) ? { value, kind: 'float' } : null;
}
