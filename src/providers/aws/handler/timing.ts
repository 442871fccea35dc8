/** How patiently AWS is looked at; tests on an emulator need less patience. */
export interface Timing {
  /** Between two looks of one wait. */
  readonly lookMs: number;
  /**
   * How long after a create AWS may still not show what was made: so long a delete looks for what
   * a worker may have made before it died.
   */
  readonly settleMs: number;
}

/** AWS says seconds; its own tools allow for a few. */
export const DEFAULT_TIMING: Timing = { lookMs: 1_000, settleMs: 5_000 };
