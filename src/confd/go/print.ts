import type { ByteString } from './bytes.ts';
import { formatFloat } from './format-float.ts';
import { GoList, GoMap, sortedEntries, type Value } from './values.ts';

/** What an action writes: `<no value>` for nothing, otherwise the same as `print`. */
export function printAction(value: Value): ByteString {
  return value === undefined || value === null ? '<no value>' : printValue(value);
}

/** A value as Go's `%v` writes it. */
export function printValue(value: Value): ByteString {
  if (value === undefined || value === null) return '<nil>';
  switch (typeof value) {
    case 'string':
      return value;
    case 'bigint':
    case 'boolean':
      return String(value);
    case 'number':
      return formatFloat(value, 'v', null);
    default:
      break;
  }
  if (value instanceof GoList) return `[${value.items.map(printValue).join(' ')}]`;
  if (value instanceof GoMap) {
    return `map[${sortedEntries(value)
      .map(([key, item]) => `${key}:${printValue(item)}`)
      .join(' ')}]`;
  }
  return `{${value.key} ${value.value}}`;
}

/** `print`: a space between two neighbours if neither is a string. */
export function printAll(values: readonly Value[]): ByteString {
  let result = '';
  values.forEach((value, index) => {
    if (index > 0 && typeof value !== 'string' && typeof values[index - 1] !== 'string') result += ' ';
    result += printValue(value);
  });
  return result;
}

/** `println`: spaces between all, and a line end. */
export function printLine(values: readonly Value[]): ByteString {
  return `${values.map(printValue).join(' ')}\n`;
}
