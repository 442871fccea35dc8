export const BARE_WORKFLOW_QUEUE = 'bare-workflows';
export const BARE_NODES_QUEUE = 'bare-nodes';
export const BARE_EFFECTS_QUEUE = 'bare-effects';
export const BARE_WAITS_QUEUE = 'bare-waits';

/** A layer as it weighs: how many tasks, where, and whether they have a handle. */
export interface BareLayer {
  readonly total: number;
  readonly target: 'cloud' | 'node';
  readonly handle: boolean;
}

export interface BareInput {
  readonly layers: readonly BareLayer[];
  /** Layers wider than this are walked in children, as windlass does. */
  readonly sliceTasks: number;
  readonly windowSlices: number;
}
