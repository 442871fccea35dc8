/** Counts work, and stops work that would exceed its limit. The same work costs the same everywhere. */
export interface WorkBudget {
  /** @throws OverLimitError once everything spent exceeds the limit. */
  spend(units: number): void;
}

/** A user's input exceeds a limit. Its message names the limit. */
export class OverLimitError extends Error {}

/** `describe` says which limit was exceeded, after "the limit is …". */
export function createWorkBudget(limit: number, describe: (limit: number) => string): WorkBudget {
  let spent = 0;
  return {
    spend(units) {
      spent += units;
      if (spent > limit) throw new OverLimitError(describe(limit));
    },
  };
}
