import type { SealedValue, SecretReference } from '../domain/index.ts';

/** A JSON object: neither null nor an array. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What replaces a secret in rows and trees. */
export function isSecretReference(value: unknown): value is SecretReference {
  return isObject(value) && typeof value['$secret'] === 'string';
}

/** What replaces a secret on its way from client to worker. */
export function isSealedValue(value: unknown): value is SealedValue {
  return isObject(value) && isObject(value['$sealed']);
}

/** Absent, or a value that `required` treats as absent. */
export function isEmptyValue(value: unknown): boolean {
  return (
    value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0)
  );
}

/** Compares JSON values; the order of keys does not matter. */
export function isSameJson(left: unknown, right: unknown): boolean {
  if (Object.is(left, right)) return true;
  if (Array.isArray(left) && Array.isArray(right)) {
    return left.length === right.length && left.every((value, index) => isSameJson(value, right[index]));
  }
  if (!isObject(left) || !isObject(right)) return false;
  const keys = Object.keys(left);
  return (
    keys.length === Object.keys(right).length &&
    keys.every((key) => Object.hasOwn(right, key) && isSameJson(left[key], right[key]))
  );
}

/** Line breaks and similar characters, which are not allowed in names. */
export function hasControlCharacter(text: string): boolean {
  return /\p{Cc}/u.test(text);
}

const LISTED = 30;

/** Words separated by commas; of many, the first ones and the number of all. */
export function listSome(words: readonly string[]): string {
  const shown = words.slice(0, LISTED).join(', ');
  return words.length > LISTED ? `${shown}, … (${words.length} in all)` : shown;
}

/** A value for a message: JSON, shortened. Never call it with a secret. */
export function quoteValue(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
