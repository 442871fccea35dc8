import type { FlatParameters } from './sign-request.ts';

type Scalar = string | number | boolean;

/** A parameter as it is given: lists are numbered from 1 when they are sent, `true` is sent as 1. */
export type Parameter = Scalar | readonly Scalar[] | readonly Readonly<Record<string, Scalar>>[];

/** Undefined parameters are not sent. */
export type Parameters = Readonly<Record<string, Parameter | undefined>>;

/** `{ instances: ['i-1'] }` → `{ 'instances.1': 'i-1' }`; the fields of an object become `name.1.field`. */
export function flattenParameters(parameters: Parameters): FlatParameters {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(parameters)) {
    if (value === undefined) continue;
    if (typeof value !== 'object') {
      flat[name] = toText(value);
      continue;
    }
    for (const [index, item] of value.entries()) {
      const numbered = `${name}.${index + 1}`;
      if (typeof item !== 'object') flat[numbered] = toText(item);
      else for (const [field, part] of Object.entries(item)) flat[`${numbered}.${field}`] = toText(part);
    }
  }
  return flat;
}

function toText(value: Scalar): string {
  return typeof value === 'boolean' ? String(Number(value)) : String(value);
}
