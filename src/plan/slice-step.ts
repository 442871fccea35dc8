import type { PlanSlice, StepShape } from '../domain/index.ts';

/** One workflow run runs at most this many tasks at a time. */
export const SLICE_TASKS = 100;

/** How many tasks, or lanes, of one step run at the same time. */
const WINDOW = 1_000;

/** How a step is run: in one piece, or in slices, several at a time. */
export interface StepSlices {
  readonly slices: readonly PlanSlice[];
  /** At most this many slices at a time. */
  readonly slicesAtOnce: number;
  /** At most this many lanes of one slice at a time. */
  readonly lanesAtOnce: number;
}

/**
 * Slices of at most 100 tasks. A lane has few tasks running at a time, so the slices of a wide step of
 * lanes are many and small, and as many nodes are worked on as in a layer. Never more than the step's
 * `atOnce` lanes run at the same time: if a slice has more lanes than that, one slice runs at a time.
 */
export function sliceStep({ index: step, layers, lanes }: StepShape): StepSlices {
  const total = layers.reduce((sum, layer) => sum + layer.total, 0);
  if (lanes === null) {
    const slices = cut(total, SLICE_TASKS).map((range): PlanSlice => ({ step, of: 'tasks', ...range }));
    return { slices, slicesAtOnce: WINDOW / SLICE_TASKS, lanesAtOnce: 1 };
  }
  const { count, atOnce, mostTasks } = lanes;
  const perSlice = total <= SLICE_TASKS ? count : Math.max(1, Math.floor(SLICE_TASKS / mostTasks));
  const slices = cut(count, perSlice).map((range): PlanSlice => ({ step, of: 'lanes', ...range }));
  const window = Math.min(atOnce, WINDOW);
  return {
    slices,
    // The last slice is often a small one: if all lanes fit, it must not wait for the others.
    slicesAtOnce: count <= window ? slices.length : Math.max(1, Math.floor(window / perSlice)),
    lanesAtOnce: Math.min(atOnce, perSlice),
  };
}

function cut(total: number, size: number): readonly { readonly from: number; readonly to: number }[] {
  return Array.from({ length: Math.ceil(total / size) }, (_, index) => ({
    from: index * size,
    to: Math.min((index + 1) * size, total),
  }));
}
