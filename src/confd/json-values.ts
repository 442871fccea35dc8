import { MAX_TEMPLATE_VALUE_DEPTH } from '../domain/limits.ts';
import {
  formatFloat,
  GoList,
  GoMap,
  GoPair,
  sortedEntries,
  toBytes,
  toText,
  type ByteString,
  type Value,
} from './go/index.ts';

/** The result of confd's `json` for a text. @throws Error for anything but an object (or null). */
export function readJsonObject(text: ByteString): Value {
  const value = fromJson(parse(text));
  if (value === null) return new GoMap(new Map());
  if (value instanceof GoMap) return value;
  throw new Error('the text is not a JSON object');
}

/** The result of confd's `jsonArray` for a text. @throws Error for anything but an array (or null). */
export function readJsonArray(text: ByteString): Value {
  const value = fromJson(parse(text));
  if (value === null) return new GoList('any', []);
  if (value instanceof GoList) return value;
  throw new Error('the text is not a JSON array');
}

function parse(text: ByteString): unknown {
  try {
    return JSON.parse(toText(text));
  } catch {
    throw new Error('the text is not JSON');
  }
}

function fromJson(value: unknown, depth = 0): Value {
  if (depth > MAX_TEMPLATE_VALUE_DEPTH) {
    throw new Error(`the text nests too deeply; the limit is ${MAX_TEMPLATE_VALUE_DEPTH}`);
  }
  if (value === null) return null;
  switch (typeof value) {
    case 'string':
      return toBytes(value);
    case 'boolean':
      return value;
    case 'number':
      if (!Number.isFinite(value)) throw new Error('the text holds a number that is too large');
      return value;
    default:
      break;
  }
  if (Array.isArray(value))
    return new GoList(
      'any',
      value.map((item) => fromJson(item, depth + 1)),
    );
  const entries = Object.entries(value as Record<string, unknown>);
  return new GoMap(new Map(entries.map(([key, item]) => [toBytes(key), fromJson(item, depth + 1)])));
}

/** A value as Go writes it in JSON: keys sorted, `<`, `>` and `&` escaped. */
export function writeJson(value: Value): ByteString {
  if (value === undefined || value === null) return 'null';
  switch (typeof value) {
    case 'string':
      return writeString(value);
    case 'bigint':
    case 'boolean':
      return String(value);
    case 'number':
      return writeNumber(value);
    default:
      break;
  }
  if (value instanceof GoList) return `[${value.items.map(writeJson).join(',')}]`;
  if (value instanceof GoPair) return `{"Key":${writeString(value.key)},"Value":${writeString(value.value)}}`;
  const entries = sortedEntries(value).map(([key, item]) => `${writeString(key)}:${writeJson(item)}`);
  return `{${entries.join(',')}}`;
}

function writeString(bytes: ByteString): ByteString {
  const text = JSON.stringify(toText(bytes)).replace(/[<>&\u007f\u2028\u2029]/g, (sign) =>
    sign === '\u007f' ? sign : `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return toBytes(text);
}

function writeNumber(value: number): string {
  const magnitude = Math.abs(value);
  // As ES6 does, except that 1e-07 loses its zero.
  if (magnitude !== 0 && (magnitude < 1e-6 || magnitude >= 1e21)) {
    return formatFloat(value, 'v', null).replace(/e([+-])0(\d)$/, 'e$1$2');
  }
  return String(Object.is(value, -0) ? '-0' : value);
}
