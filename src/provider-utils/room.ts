/** One limited amount, in a unit of its own. */
export interface Room {
  readonly limit: number;
  /** Used by existing resources. */
  readonly used: number;
  /** Reserved by running jobs, for resources that they have not created yet. */
  readonly reserved: number;
  readonly asked: number;
}

/**
 * The message for a user when there is not enough room: how much is requested, how much is left. Undefined
 * if there is enough.
 *
 * @param what is counted, e.g. `vCPUs of standard instances`.
 * @param format how an amount is written; with at most three decimals by default.
 */
export function findShortage(
  what: string,
  { limit, used, reserved, asked }: Room,
  format: (amount: number) => string = formatAmount,
): string | undefined {
  // A sum of fractions may be slightly above the limit that it reaches.
  if (asked <= 0 || used + reserved + asked <= limit * (1 + Number.EPSILON)) return undefined;
  const left = Math.max(0, limit - used - reserved);
  const besides = reserved > 0 ? `, ${format(reserved)} reserved by running jobs` : '';
  return `${format(asked)} ${what} are requested, but ${format(left)} are left of ${format(limit)} (${format(used)} in use${besides})`;
}

function formatAmount(amount: number): string {
  return String(Math.round(amount * 1_000) / 1_000);
}
