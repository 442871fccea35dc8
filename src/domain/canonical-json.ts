/**
 * JSON with sorted keys and no spaces: two values that are equal give the same bytes, on every
 * machine. Plans are compared and specifications hashed in this form. Members that are undefined
 * are left out, as JSON does.
 *
 * @throws TypeError for what JSON cannot hold (functions, symbols, bigint, NaN, infinities): a
 *   silent null would make different values equal.
 */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError(`${value} has no form in JSON`);
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) return `[${value.map((item: unknown) => canonicalJson(item)).join(',')}]`;
  if (typeof value === 'object') {
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .sort(([a], [b]) => compareText(a, b))
      .map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`);
    return `{${members.join(',')}}`;
  }
  throw new TypeError(`a ${typeof value} has no form in JSON`);
}

/** Order by code units: the same everywhere, whatever the machine's locale is. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
