import {
  WindlassError,
  type JobPlan,
  type Lane,
  type LanesStep,
  type LayerStep,
  type PlannedTask,
  type PlanStep,
  type StepRuns,
} from '../domain/index.ts';
import { SLICE_TASKS } from './slice-step.ts';

/** A step of one layer. */
export function createLayer(
  title: string,
  tasks: readonly PlannedTask[],
  runs: StepRuns = 'in-order',
): LayerStep {
  return { kind: 'layer', title, runs, tasks };
}

/** A task that has a place in an order of layers. */
export interface OrderedTask {
  readonly order: number;
  readonly task: PlannedTask;
}

/**
 * Layers by ascending order: equal orders run in parallel, a smaller one runs earlier. The layer of order
 * 0 has the plain title, the others name theirs: `StartService`, `StartService order 1`. Tasks of a layer
 * keep the order in which they are given.
 */
export function createLayersByOrder(title: string, ordered: readonly OrderedTask[]): readonly LayerStep[] {
  const orders = [...new Set(ordered.map((entry) => entry.order))].sort((a, b) => a - b);
  return orders.map((order) =>
    createLayer(
      order === 0 ? title : `${title} order ${order}`,
      ordered.filter((entry) => entry.order === order).map((entry) => entry.task),
    ),
  );
}

/**
 * A step of lanes; layers without tasks are left out, and lanes without layers too.
 *
 * @param options.atOnce all lanes at once by default.
 */
export function createLanes(
  title: string,
  lanes: readonly Lane[],
  options: { readonly atOnce?: number; readonly runs?: StepRuns } = {},
): LanesStep {
  const filled = lanes
    .map(({ label, layers }): Lane => ({
      label,
      layers: layers
        .filter((layer) => layer.tasks.length > 0)
        .map(({ title: name, tasks }) => ({ title: name, tasks })),
    }))
    .filter((lane) => lane.layers.length > 0);
  return {
    kind: 'lanes',
    title,
    runs: options.runs ?? 'in-order',
    atOnce: Math.max(1, Math.min(options.atOnce ?? filled.length, filled.length)),
    lanes: filled,
  };
}

/**
 * The plan: steps without tasks are left out. A lane is walked by one workflow, whose history must
 * stay small.
 *
 * @throws internal `PLAN_LANE_TOO_LONG` for a lane of more than 100 tasks.
 */
export function createPlan(steps: readonly PlanStep[]): JobPlan {
  const plan = steps.filter((step) => countTasks(step) > 0);
  const long = plan
    .flatMap((step) => (step.kind === 'lanes' ? step.lanes : []))
    .find((lane) => lane.layers.flatMap((layer) => layer.tasks).length > SLICE_TASKS);
  if (long === undefined) return plan;
  throw new WindlassError(
    'internal',
    `the lane ${long.label} of the plan has more than ${SLICE_TASKS} tasks`,
    { code: 'PLAN_LANE_TOO_LONG', hint: 'report it to the authors of the provider' },
  );
}

/** Every task of a plan, in the order in which it is shown. */
export function listTasks(plan: JobPlan): readonly PlannedTask[] {
  return plan.flatMap(tasksOfStep);
}

function tasksOfStep(step: PlanStep): readonly PlannedTask[] {
  if (step.kind === 'layer') return step.tasks;
  return step.lanes.flatMap((lane) => lane.layers.flatMap((layer) => layer.tasks));
}

function countTasks(step: PlanStep): number {
  return tasksOfStep(step).length;
}
