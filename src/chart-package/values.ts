/** A plain object, as YAML and JSON give it. */
export type Values = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Merges values over others as helm does it: objects are merged key by key, anything else replaces, and
 * null removes a default.
 */
export function mergeValues(base: Values, over: Values): Values {
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(over)) {
    if (value === null) delete merged[key];
    else {
      const below = Object.hasOwn(merged, key) ? merged[key] : undefined;
      const joined = isObject(below) && isObject(value) ? mergeValues(below, value) : value;
      setOwn(merged, key, joined);
    }
  }
  return merged;
}

/** One step of a path into values: a key, or the index of a list. */
export type PathStep = string | number;

/** The path as users write it: `a.b[0].c`, a dot in a key as `\.`. */
export function formatPath(path: readonly PathStep[]): string {
  return path
    .map((step, index) => {
      if (typeof step === 'number') return `[${step}]`;
      return `${index === 0 ? '' : '.'}${step.replaceAll('.', '\\.')}`;
    })
    .join('');
}

/** A copy in which every leaf is replaced by the result of `change`. */
export function mapLeaves(
  value: unknown,
  change: (leaf: unknown, path: readonly PathStep[]) => unknown,
  path: readonly PathStep[] = [],
): unknown {
  if (Array.isArray(value)) return value.map((item, index) => mapLeaves(item, change, [...path, index]));
  if (!isObject(value)) return change(value, path);
  const mapped: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) {
    setOwn(mapped, key, mapLeaves(item, change, [...path, key]));
  }
  return mapped;
}

/** Every value that is neither a list nor a mapping, with its path. */
export function listLeaves(
  value: unknown,
): readonly { readonly leaf: unknown; readonly path: readonly PathStep[] }[] {
  const leaves: { readonly leaf: unknown; readonly path: readonly PathStep[] }[] = [];
  mapLeaves(value, (leaf, path) => leaves.push({ leaf, path }));
  return leaves;
}

/** Sets an own property whatever its name is (also `__proto__`). */
export function setOwn(target: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
}
