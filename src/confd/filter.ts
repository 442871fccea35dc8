import { GoList, GoPair, toText, typeName, type Value } from './go/index.ts';

/** Values longer than this are not searched. */
const MAX_VALUE_BYTES = 4_096;

/**
 * What of a list fits a regular expression, anywhere in it: strings, or pairs by their value.
 * AppCenter's own confd has it.
 *
 * @throws Error for anything but a list, and for a pattern that does not compile or could take
 *   long: one that repeats a group, or looks back.
 */
export function filterByPattern(pattern: string, list: Value): GoList {
  if (!(list instanceof GoList)) throw new Error(`filter takes a list, not ${typeName(list)}`);
  const expression = compile(toText(pattern));
  const fits = (bytes: string): boolean => {
    if (bytes.length > MAX_VALUE_BYTES)
      throw new Error(`filter takes values of ${MAX_VALUE_BYTES} bytes at most`);
    return expression.test(toText(bytes));
  };
  const items = list.items.filter((item) => {
    if (typeof item === 'string') return fits(item);
    return item instanceof GoPair && fits(item.value);
  });
  return new GoList('any', items);
}

function compile(pattern: string): RegExp {
  // Templates come with packages: an expression of theirs must not keep a worker busy.
  if (/\)[*+{]|\\[1-9]|\(\?<?[=!]/.test(pattern)) {
    throw new Error('the pattern repeats a group or looks around');
  }
  try {
    return new RegExp(pattern, 'u');
  } catch {
    throw new Error('the pattern does not compile');
  }
}
