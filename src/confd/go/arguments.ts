import type { Operand } from './syntax.ts';
import type { Parameter } from './signature.ts';
import { TemplateFault } from './template-fault.ts';
import { GoList, typeName, type Value } from './values.ts';

const PARAMETER_NAMES: Readonly<Record<Parameter, string>> = {
  any: 'anything',
  string: 'a string',
  int: 'an integer',
  number: 'a number',
  strings: 'a list of strings',
  pairs: 'a list of key-value pairs',
};

/**
 * The value of an argument, converted to its parameter's type. A constant is read as that type.
 *
 * @throws TemplateFault if it does not fit.
 */
export function toArgument(
  operand: Operand | { readonly offset: number; readonly kind?: undefined },
  parameter: Parameter,
  evaluate: () => Value,
): Value {
  if (operand.kind === 'number' && (parameter === 'int' || parameter === 'number')) {
    if (operand.int !== null) return operand.int;
    if (parameter === 'number') return operand.float;
  }
  const value = evaluate();
  const fitting = fit(value, parameter);
  if (fitting !== NO_FIT) return fitting;
  throw new TemplateFault(
    `${PARAMETER_NAMES[parameter]} is expected here, not ${typeName(value)}`,
    operand.offset,
  );
}

const NO_FIT = Symbol('no fit');

function fit(value: Value, parameter: Parameter): Value | typeof NO_FIT {
  switch (parameter) {
    case 'any':
      return value;
    case 'string':
      return typeof value === 'string' ? value : NO_FIT;
    case 'int':
      return typeof value === 'bigint' ? value : NO_FIT;
    case 'number':
      return toNumber(value) ?? NO_FIT;
    case 'strings':
      if (value === undefined || value === null) return new GoList('string', []);
      return value instanceof GoList && value.kind === 'string' ? value : NO_FIT;
    case 'pairs':
      if (value === undefined || value === null) return new GoList('pair', []);
      return value instanceof GoList && (value.kind === 'pair' || value.kind === 'pairs') ? value : NO_FIT;
  }
}

/** Numerals count as numbers: all values of a store are strings. */
function toNumber(value: Value): bigint | number | null {
  if (typeof value === 'bigint' || typeof value === 'number') return value;
  if (typeof value !== 'string') return null;
  // Longer numerals do not: reading one takes time that grows with the square of its length.
  if (/^[+-]?\d{1,400}$/.test(value)) return BigInt.asIntN(64, BigInt(value.replace(/^\+/, '')));
  return /^[+-]?(\d+\.\d*|\.\d+)$/.test(value) ? Number(value) : null;
}
