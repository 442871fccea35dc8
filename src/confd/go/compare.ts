import { GoPair, typeName, type Value } from './values.ts';

type BasicKind = 'bool' | 'int' | 'float' | 'string' | 'other';

/**
 * Whether the first equals one of the others. A number and a numeral (or two numbers of different types),
 * which Go refuses to compare, are compared as numbers, as AppCenter's own confd does.
 *
 * @throws Error for values that cannot be compared.
 */
export function equalsAny(first: Value, others: readonly Value[]): boolean {
  if (others.length === 0) throw new Error('a value to compare with is missing');
  return others.some((other) => equals(first, other));
}

function equals(left: Value, right: Value): boolean {
  const [leftKind, rightKind] = [basicKind(left), basicKind(right)];
  if (leftKind !== rightKind) {
    if (isNothing(left) || isNothing(right)) return false;
    const numbers = asNumbers(left, right);
    if (numbers === null) throw incompatible(left, right);
    return numbers[0] === numbers[1];
  }
  if (leftKind !== 'other') return left === right;
  return equalsOther(left, right);
}

function equalsOther(left: Value, right: Value): boolean {
  if (isNothing(left) || isNothing(right)) return isNothing(left) && isNothing(right);
  if (left instanceof GoPair && right instanceof GoPair) {
    return left.key === right.key && left.value === right.value;
  }
  throw new Error(`${typeName(left)} and ${typeName(right)} cannot be compared`);
}

/** @throws Error for values that have no order. */
export function isLess(left: Value, right: Value): boolean {
  const [leftKind, rightKind] = [basicKind(left), basicKind(right)];
  if (leftKind !== rightKind) {
    const numbers = asNumbers(left, right);
    if (numbers === null) throw incompatible(left, right);
    return numbers[0] < numbers[1];
  }
  if (leftKind === 'bool' || leftKind === 'other' || isNothing(left) || isNothing(right)) {
    throw new Error(`${typeName(left)} has no order`);
  }
  return (left as string | number | bigint) < (right as string | number | bigint);
}

function isNothing(value: Value): boolean {
  return value === undefined || value === null;
}

function basicKind(value: Value): BasicKind {
  switch (typeof value) {
    case 'boolean':
      return 'bool';
    case 'bigint':
      return 'int';
    case 'number':
      return 'float';
    case 'string':
      return 'string';
    default:
      return 'other';
  }
}

function asNumbers(left: Value, right: Value): [number, number] | null {
  const [first, second] = [toNumber(left), toNumber(right)];
  return first === null || second === null ? null : [first, second];
}

function toNumber(value: Value): number | null {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  return typeof value === 'string' && /^[+-]?(\d+(?:\.\d*)?|\.\d+)$/.test(value) ? Number(value) : null;
}

function incompatible(left: Value, right: Value): Error {
  return new Error(`${typeName(left)} and ${typeName(right)} cannot be compared`);
}
