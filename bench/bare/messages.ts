export const BARE_WORKFLOW_QUEUE = 'bare-workflows';
export const BARE_NODES_QUEUE = 'bare-nodes';
export const BARE_EFFECTS_QUEUE = 'bare-effects';
export const BARE_WAITS_QUEUE = 'bare-waits';

/** A layer by its size: how many tasks, on which queue, and whether each has a handle and a wait. */
export interface BareLayer {
  readonly total: number;
  readonly target: 'cloud' | 'node';
  readonly handle: boolean;
  readonly wait: boolean;
}

/** A step as windlass cuts it: one layer, or lanes that have a share of each of its layers. */
export interface BareStep {
  readonly layers: readonly BareLayer[];
  /** How many lanes each slice has; for a step of one layer, how many tasks. */
  readonly slices: readonly number[];
  readonly slicesAtOnce: number;
  /** Null for a step of one layer. */
  readonly lanes: { readonly count: number; readonly atOnce: number } | null;
}

export interface BareInput {
  readonly steps: readonly BareStep[];
}
