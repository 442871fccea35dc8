import type { ByteString } from './bytes.ts';

/**
 * A value of a running template. Go's types are distinguished because they print and compare differently:
 * `bigint` is int, `number` is float64, `string` a byte string, `null` an interface that holds nothing,
 * `undefined` no value at all (a key that a map lacks).
 */
export type Value = undefined | null | boolean | bigint | number | ByteString | GoList | GoMap | GoPair;

/** The declared type of the elements of a list; `pairs` is memkv's own name for a list of pairs. */
export type ListKind = 'string' | 'int' | 'any' | 'pair' | 'pairs';

/** A Go slice. It is shared, not copied: sorting or reversing it changes it for all its users. */
export class GoList {
  readonly kind: ListKind;
  readonly items: Value[];
  constructor(kind: ListKind, items: Value[]) {
    this.kind = kind;
    this.items = items;
  }
}

/** `map[string]interface {}`, the only map that confd's functions return. */
export class GoMap {
  readonly entries: ReadonlyMap<ByteString, Value>;
  constructor(entries: ReadonlyMap<ByteString, Value>) {
    this.entries = entries;
  }
}

/** A key of the store with its value: `.Key` and `.Value`. */
export class GoPair {
  readonly key: ByteString;
  readonly value: ByteString;
  constructor(key: ByteString, value: ByteString) {
    this.key = key;
    this.value = value;
  }
}

const LIST_TYPES: Readonly<Record<ListKind, string>> = {
  string: '[]string',
  int: '[]int',
  any: '[]interface {}',
  pair: '[]memkv.KVPair',
  pairs: 'memkv.KVPairs',
};

/** The name of a value's type in Go's spelling. */
export function typeName(value: Value): string {
  if (value === undefined || value === null) return 'nil';
  switch (typeof value) {
    case 'boolean':
      return 'bool';
    case 'bigint':
      return 'int';
    case 'number':
      return 'float64';
    case 'string':
      return 'string';
    default:
      if (value instanceof GoList) return LIST_TYPES[value.kind];
      return value instanceof GoMap ? 'map[string]interface {}' : 'memkv.KVPair';
  }
}

/** Whether `if` counts it as true: not false, zero, empty, or nothing. */
export function isTrue(value: Value): boolean {
  if (value === undefined || value === null) return false;
  switch (typeof value) {
    case 'boolean':
      return value;
    case 'bigint':
      return value !== 0n;
    case 'number':
      return value !== 0;
    case 'string':
      return value !== '';
    default:
      if (value instanceof GoList) return value.items.length > 0;
      return value instanceof GoMap ? value.entries.size > 0 : true;
  }
}

/** The keys of a map in the order in which Go traverses and prints them: by their bytes. */
export function sortedEntries(map: GoMap): readonly (readonly [ByteString, Value])[] {
  return [...map.entries].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}
