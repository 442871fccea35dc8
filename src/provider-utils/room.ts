/** One thing of which there is only so much, in a unit of its own. */
export interface Room {
  readonly limit: number;
  /** By what is there already. */
  readonly used: number;
  /** By running jobs, for what they have not made yet. */
  readonly reserved: number;
  readonly asked: number;
}

/**
 * What a user reads when there is not enough room: how much is asked for, how much is left. Undefined
 * where there is.
 *
 * @param what is counted, e.g. `vCPUs of standard instances`.
 * @param format how an amount is written; with three decimals at most by default.
 */
export function findShortage(
  what: string,
  { limit, used, reserved, asked }: Room,
  format: (amount: number) => string = formatAmount,
): string | undefined {
  // A sum of fractions may be a hair more than the limit that it reaches.
  if (asked <= 0 || used + reserved + asked <= limit * (1 + Number.EPSILON)) return undefined;
  const left = Math.max(0, limit - used - reserved);
  const besides = reserved > 0 ? `, ${format(reserved)} reserved by running jobs` : '';
  return `${format(asked)} ${what} are asked for, and ${format(left)} are left of ${format(limit)} (${format(used)} in use${besides})`;
}

function formatAmount(amount: number): string {
  return String(Math.round(amount * 1_000) / 1_000);
}
