/** A plain object, as YAML and JSON give it. */
export type Values = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A reference to a secret, or its sealed form, in the place of a value. */
export function isHidden(value: unknown): boolean {
  return isObject(value) && (typeof value['$secret'] === 'string' || '$sealed' in value);
}

/**
 * Values put over others as helm does it: objects are joined key by key, anything else replaces,
 * and null takes a default away.
 */
export function mergeValues(base: Values, over: Values): Values {
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(over)) {
    if (value === null) delete merged[key];
    else {
      const below = Object.hasOwn(merged, key) ? merged[key] : undefined;
      const joined =
        isObject(below) && isObject(value) && !isHidden(value) ? mergeValues(below, value) : value;
      setOwn(merged, key, joined);
    }
  }
  return merged;
}

/** One step of a path into values: a key, or the index of a list. */
export type PathStep = string | number;

/** The path in the form in which users write it: `a.b[0].c`, a dot of a key as `\.`. */
export function formatPath(path: readonly PathStep[]): string {
  return path
    .map((step, index) => {
      if (typeof step === 'number') return `[${step}]`;
      return `${index === 0 ? '' : '.'}${step.replaceAll('.', '\\.')}`;
    })
    .join('');
}

/** A copy in which every leaf is what `change` makes of it; hidden values are leaves. */
export async function mapLeaves(
  value: unknown,
  change: (leaf: unknown, path: readonly PathStep[]) => unknown,
  path: readonly PathStep[] = [],
): Promise<unknown> {
  if (Array.isArray(value)) {
    const list: unknown[] = [];
    for (const [index, item] of value.entries()) list.push(await mapLeaves(item, change, [...path, index]));
    return list;
  }
  if (!isObject(value) || isHidden(value)) return change(value, path);
  const mapped: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) {
    setOwn(mapped, key, await mapLeaves(item, change, [...path, key]));
  }
  return mapped;
}

/** Sets a key of its own whatever its name is (`__proto__` too). */
export function setOwn(target: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
}
