import type { Ajv } from 'ajv';
import type { WorkBudget } from '../bounds/index.ts';
import { canonicalJson } from '../plan/index.ts';
import { isObject, setOwn } from './values.ts';

const COUNTER = 'x-windlass-count';

/** Keywords whose value is data, or not a map of schemas: nothing in them is evaluated. */
const NO_SCHEMAS: ReadonlySet<string> = new Set([
  ...['const', 'enum', 'default', 'examples', 'required', 'dependencies', 'dependentRequired'],
]);

/**
 * A copy of a schema in which every part is counted when it is evaluated: a few parts that refer to each
 * other twice are evaluated a million times.
 */
export function withCounters(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withCounters);
  if (!isObject(schema)) return schema;
  const counted: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(schema)) {
    setOwn(counted, key, NO_SCHEMAS.has(key) ? value : withCounters(value));
  }
  // In a map of schemas it is a schema that accepts everything.
  setOwn(counted, COUNTER, true);
  return counted;
}

/** Makes a validator count, and compare the items of a list in linear time. */
export function addCountingKeywords(ajv: Ajv, budget: () => WorkBudget): void {
  ajv.addKeyword({
    keyword: COUNTER,
    errors: false,
    validate: () => {
      budget().spend(1);
      return true;
    },
  });
  ajv.removeKeyword('uniqueItems');
  ajv.addKeyword({
    keyword: 'uniqueItems',
    type: 'array',
    schemaType: 'boolean',
    error: { message: 'must NOT have duplicate items' },
    validate: (wanted: boolean, items: readonly unknown[]) =>
      !wanted || new Set(items.map((item) => canonicalJson(item))).size === items.length,
  });
}
