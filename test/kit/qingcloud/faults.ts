/**
 * What goes wrong with a request.
 *
 * - `fail-before`, `fail-after`: 5000, before or after its effect.
 * - `busy`: 5100, without an effect. `full`: 5200.
 * - `cut`: the connection breaks after the effect; there is no answer.
 * - `slow`: the answer comes `delayMs` later.
 * - `fail-job`: it is accepted, and its job fails.
 */
export type FaultKind = 'fail-before' | 'fail-after' | 'busy' | 'full' | 'cut' | 'slow' | 'fail-job';

export interface Fault {
  /** Of which action; any if absent. */
  readonly action?: string;
  readonly kind: FaultKind;
  /** For how many requests; 1 if absent. */
  readonly count?: number;
  /** How many requests of the action pass before it; none if absent. */
  readonly after?: number;
  /** Of `slow`. */
  readonly delayMs?: number;
}

export interface Faults {
  add(fault: Fault): void;
  /** The fault of the next request of an action; undefined for none. */
  take(action: string): Fault | undefined;
}

export function createFaults(): Faults {
  const planned: { readonly fault: Fault; after: number; left: number }[] = [];
  return {
    add(fault) {
      planned.push({ fault, after: fault.after ?? 0, left: fault.count ?? 1 });
    },
    take(action) {
      for (const one of planned) {
        if (one.left === 0 || (one.fault.action !== undefined && one.fault.action !== action)) continue;
        if (one.after > 0) {
          one.after -= 1;
          continue;
        }
        one.left -= 1;
        return one.fault;
      }
      return undefined;
    },
  };
}
