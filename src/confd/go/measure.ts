import { MAX_TEMPLATE_VALUE_BYTES, MAX_TEMPLATE_VALUE_DEPTH } from '../../domain/limits.ts';
import { GoList, GoMap, GoPair, type Value } from './values.ts';

/** The size of a value when all of it is written out, whatever it shares with others. */
export interface Size {
  readonly bytes: number;
  readonly depth: number;
}

/** The overhead of an element of a list or map, besides its text. */
const ELEMENT_BYTES = 8;

/** Lists and maps are measured once: reversing or sorting one does not change its size. */
const measured = new WeakMap<object, Size>();

export function measure(value: Value): Size {
  if (typeof value === 'string') return { bytes: value.length, depth: 0 };
  if (typeof value !== 'object' || value === null) return { bytes: 0, depth: 0 };
  if (value instanceof GoPair) return { bytes: value.key.length + value.value.length, depth: 1 };
  const known = measured.get(value);
  if (known !== undefined) return known;
  let bytes = 0;
  let depth = 0;
  const add = (item: Value): void => {
    const inner = measure(item);
    bytes += inner.bytes + ELEMENT_BYTES;
    depth = Math.max(depth, inner.depth);
  };
  if (value instanceof GoList) value.items.forEach(add);
  if (value instanceof GoMap) {
    for (const [key, item] of value.entries) {
      bytes += key.length;
      add(item);
    }
  }
  const size = { bytes, depth: depth + 1 };
  measured.set(value, size);
  return size;
}

/** Called before small values are combined into a large one. @throws Error */
export function checkBytes(bytes: number): void {
  if (bytes > MAX_TEMPLATE_VALUE_BYTES) {
    throw new Error(`the value is too large; the limit is ${MAX_TEMPLATE_VALUE_BYTES} bytes`);
  }
}

/**
 * @throws Error for a value over a limit; what is built from values within the limits is only some times
 * larger.
 */
export function checkSize({ bytes, depth }: Size): void {
  checkBytes(bytes);
  if (depth > MAX_TEMPLATE_VALUE_DEPTH) {
    throw new Error(`the value nests too deeply; the limit is ${MAX_TEMPLATE_VALUE_DEPTH}`);
  }
}
