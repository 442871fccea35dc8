import { isSecretName, WindlassError } from '../domain/index.ts';
import { REDACTED } from '../masking/index.ts';

/** How the texts in data are redacted: texts of other programs, and sentences of windlass itself. */
interface TextRedactor {
  redactText(text: string): string;
  redactMessage(text: string): string;
}

/** Values nested deeper than this are cut, which also ends cycles. */
const DEEPEST = 12;
/** All values of one copy together, at all depths. */
const MOST_VALUES = 10_000;
const TOO_DEEP = '[too deep]';
const TOO_MUCH = '[left out: there is too much of it]';
/** Replaces a value whose getter or proxy throws. */
const UNREADABLE = '[unreadable]';

/** The ledger's token names a resource: cluster, node, kind and generation. */
const LEDGER_TOKEN = /^[a-z]{1,8}-[\w-]{1,64}(?:\/[\w.-]{1,128}){1,6}$/;

/** Data that JSON can write unchanged, without a secret in it. Never throws, whatever the value does. */
export function copyPlain(value: unknown, redactor: TextRedactor): unknown {
  let left = MOST_VALUES;

  function copy(one: unknown, depth: number): unknown {
    left -= 1;
    if (left < 0) return TOO_MUCH;
    try {
      return copyUnsafely(one, depth);
    } catch {
      return UNREADABLE;
    }
  }

  function copyUnsafely(one: unknown, depth: number): unknown {
    switch (typeof one) {
      case 'string':
        return redactor.redactText(one);
      case 'number':
      case 'boolean':
      case 'undefined':
        return one;
      case 'bigint':
      case 'symbol':
        return redactor.redactText(String(one));
      case 'function':
        return '[function]';
      case 'object':
        return one === null ? null : copyObject(one, depth);
    }
  }

  function copyObject(one: object, depth: number): unknown {
    if (depth >= DEEPEST) return TOO_DEEP;
    if (Array.isArray(one)) return copyItems(one, depth);
    if (one instanceof Date) return Number.isNaN(one.getTime()) ? null : one.toISOString();
    if (ArrayBuffer.isView(one) || one instanceof ArrayBuffer) return `[${one.byteLength} bytes]`;
    if (one instanceof Map)
      return copyFields(
        [...one].map(([key, field]) => [String(key), field]),
        depth,
      );
    if (one instanceof Set) return copyItems([...one], depth);
    if (WindlassError.isInstance(one)) return copyOwnError(one, depth);
    return copyFields([...errorFields(one), ...readFields(one)], depth);
  }

  function copyItems(items: readonly unknown[], depth: number): readonly unknown[] {
    const copies: unknown[] = [];
    for (let index = 0; index < items.length; index += 1) {
      if (left <= 0) return [...copies, TOO_MUCH];
      copies.push(copy(items[index], depth + 1));
    }
    return copies;
  }

  function copyFields(fields: readonly (readonly [string, unknown])[], depth: number): object {
    const named = namesSecret(fields);
    const copies: [string, unknown][] = [];
    for (const [key, field] of fields) {
      if (left <= 0) {
        copies.push(['…', TOO_MUCH]);
        break;
      }
      const hidden = isHidden(key, field) || (named && VALUE_KEYS.has(key.toLowerCase()));
      copies.push([redactor.redactText(key), hidden ? REDACTED : copy(field, depth + 1)]);
    }
    return Object.fromEntries(copies);
  }

  /** Its sentences are ours: they say `password: is required`, which must stay readable. */
  function copyOwnError(error: WindlassError, depth: number): object {
    const { kind, code, message, hint, field, details, retryAfterMs, cause } = error;
    const say = (text: string | undefined): string | undefined =>
      text === undefined ? undefined : redactor.redactMessage(text);
    return {
      type: 'WindlassError',
      kind: say(kind),
      code: say(code),
      message: say(message),
      hint: say(hint),
      field: say(field),
      retryAfterMs,
      details: details
        ?.slice(0, MOST_DETAILS)
        .map((one) => ({ field: say(one.field), message: say(one.message) })),
      ...(kind === 'internal' ? { stack: say(error.stack) } : {}),
      ...(cause === undefined ? {} : { cause: copy(cause, depth + 1) }),
    };
  }

  return copy(value, 0);
}

const MOST_DETAILS = 100;

/** `{name: DB_PASSWORD, value: …}`: the name in one field says what the other holds. */
function namesSecret(fields: readonly (readonly [string, unknown])[]): boolean {
  return fields.some(
    ([key, field]) => NAME_KEYS.has(key.toLowerCase()) && typeof field === 'string' && isSecretName(field),
  );
}

const NAME_KEYS: ReadonlySet<string> = new Set(['name', 'key', 'parametername', 'variable']);
const VALUE_KEYS: ReadonlySet<string> = new Set([
  'value',
  'values',
  'val',
  'default',
  'content',
  'data',
  'parametervalue',
]);

function isHidden(key: string, field: unknown): boolean {
  if (field === null || field === undefined || !isSecretName(key)) return false;
  return !(key === 'token' && typeof field === 'string' && LEDGER_TOKEN.test(field));
}

/**
 * An error's own message is not enumerable; its enumerable fields (pg: `detail`, `where`) can contain
 * parameters.
 */
function errorFields(value: object): readonly (readonly [string, unknown])[] {
  if (!(value instanceof Error)) return [];
  const fields: (readonly [string, unknown])[] = [
    ['type', read(value, 'name')],
    ['message', read(value, 'message')],
    ['stack', read(value, 'stack')],
  ];
  for (const key of ['cause', 'errors']) {
    const field = read(value, key);
    if (field !== undefined) fields.push([key, field]);
  }
  return fields;
}

function readFields(value: object): readonly (readonly [string, unknown])[] {
  return Object.keys(value).map((key) => [key, read(value, key)] as const);
}

function read(value: object, key: string): unknown {
  try {
    return (value as Readonly<Record<string, unknown>>)[key];
  } catch {
    return UNREADABLE;
  }
}
