/** Integers that a JavaScript number cannot hold exactly have the type bigint. */
export type JsonScalar = string | number | bigint | boolean | null;

/** A number if that is exact. */
export function toSafe(integer: bigint): number | bigint {
  const value = Number(integer);
  return Number.isSafeInteger(value) ? value : integer;
}

/** A copy with numbers instead of large integers, which lose their last digits as in Go's float64. */
export function toNumbers(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (Array.isArray(value)) return value.map(toNumbers);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toNumbers(item)]));
}

/**
 * JSON with every digit of large integers, and with the same meaning when it is read as YAML, where some
 * characters end a line and others are not allowed.
 */
export function writeHelmJson(value: unknown): string {
  if (typeof value === 'bigint') return String(value);
  if (Object.is(value, -0)) return '-0.0';
  if (typeof value === 'string') return writeText(value);
  if (Array.isArray(value)) return `[${value.map(writeHelmJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const pairs = Object.entries(value).filter(([, item]) => item !== undefined);
  return `{${pairs.map(([key, item]) => `${writeText(key)}:${writeHelmJson(item)}`).join(',')}}`;
}

function writeText(text: string): string {
  return JSON.stringify(text).replaceAll(
    /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
