import { invalid, missing, Refusal } from './refusal.ts';

/** The parameters of a request, flat, as they arrived. */
export type Params = Readonly<Record<string, string>>;

/** `name.1`, `name.2` … in the order of their numbers. */
export function readList(params: Params, name: string): readonly string[] {
  return Object.entries(params)
    .flatMap(([key, value]) => {
      const number = key.startsWith(`${name}.`) ? Number(key.slice(name.length + 1)) : Number.NaN;
      return Number.isInteger(number) ? [{ number, value }] : [];
    })
    .sort((left, right) => left.number - right.number)
    .map(({ value }) => value);
}

/** @throws Refusal 1100 for an empty list */
export function requireList(params: Params, name: string): readonly string[] {
  const list = readList(params, name);
  if (list.length === 0) throw missing(`${name}.1`);
  return list;
}

/** `name.1.field` … in the order of their numbers. */
export function readObjects(params: Params, name: string): readonly Params[] {
  const objects = new Map<number, Record<string, string>>();
  for (const [key, value] of Object.entries(params)) {
    const [head, number = '', field] = key.split('.');
    if (head !== name || field === undefined) continue;
    objects.set(Number(number), { ...objects.get(Number(number)), [field]: value });
  }
  return [...objects].sort(([left], [right]) => left - right).map(([, object]) => object);
}

/** @throws Refusal 1100 */
export function requireText(params: Params, name: string): string {
  const value = params[name];
  if (value === undefined || value === '') throw missing(name);
  return value;
}

/** @throws Refusal 1100 for what is not a whole number from 0 */
export function readNumber(params: Params, name: string): number | undefined {
  const value = params[name];
  if (value === undefined || value === '') return undefined;
  if (!/^\d+$/.test(value)) throw invalid(name, value);
  return Number(value);
}

/** @throws Refusal 1101 for a value that the API does not have */
export function readChoice(
  params: Params,
  name: string,
  values: readonly number[],
  fallback: number,
): number {
  const value = readNumber(params, name) ?? fallback;
  if (!values.includes(value))
    throw new Refusal(1101, `InvalidParameterValue, [${name}] has no value [${value}]`);
  return value;
}
