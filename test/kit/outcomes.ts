/** The error codes of the calls that were refused, for tests in which several run at the same time. */
export function rejectedCodes(outcomes: readonly PromiseSettledResult<unknown>[]): readonly unknown[] {
  return outcomes.flatMap((outcome) =>
    outcome.status === 'rejected' ? [(outcome.reason as { readonly code?: unknown }).code] : [],
  );
}
