import type { Conf } from '../domain/index.ts';

/**
 * A conf with a change merged over it: objects key by key, everything else as a whole; null removes a key.
 * Neither argument is changed.
 */
export function mergeConf(conf: Conf, change: Conf): Conf {
  const result: Record<string, unknown> = { ...conf };
  for (const [key, value] of Object.entries(change)) {
    if (value === null) delete result[key];
    else define(result, key, isGroup(value) ? mergeConf(groupAt(conf, key), value) : value);
  }
  return result;
}

/** `__proto__` is treated like any other key. */
function define(target: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
}

function groupAt(conf: Conf, key: string): Conf {
  const value = Object.hasOwn(conf, key) ? conf[key] : undefined;
  return isGroup(value) ? value : {};
}

/** References to secrets, and sealed values, are values. */
function isGroup(value: unknown): value is Conf {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !('$secret' in value) &&
    !('$sealed' in value)
  );
}
