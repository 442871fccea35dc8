import {
  compareText,
  WindlassError,
  type JobPlan,
  type PlannedTask,
  type TaskLayer,
} from '../domain/index.ts';

/** One layer; what it does is its name, e.g. `RunInstances`. */
export function createLayer(name: string, tasks: readonly PlannedTask[]): TaskLayer {
  return { name, tasks };
}

/** A task that has a place in an order of layers. */
export interface OrderedTask {
  readonly order: number;
  readonly task: PlannedTask;
}

/**
 * Layers by ascending order: equal orders run in parallel, a smaller one runs earlier. The layer
 * of order 0 has the bare name, the others say theirs: `StartService`, `StartService order 1`.
 * Tasks of a layer keep the order in which they are given.
 */
export function createLayersByOrder(name: string, ordered: readonly OrderedTask[]): readonly TaskLayer[] {
  const orders = [...new Set(ordered.map((entry) => entry.order))].sort((a, b) => a - b);
  return orders.map((order) =>
    createLayer(
      order === 0 ? name : `${name} order ${order}`,
      ordered.filter((entry) => entry.order === order).map((entry) => entry.task),
    ),
  );
}

/**
 * The plan: layers without tasks are left out.
 *
 * @throws internal `PLAN_LAYER_TWICE` when two layers have the same name: progress could not be told apart.
 */
export function createPlan(layers: readonly TaskLayer[]): JobPlan {
  const plan = layers.filter((layer) => layer.tasks.length > 0);
  const names = plan.map((layer) => layer.name).sort(compareText);
  const twice = names.find((name, index) => name === names[index + 1]);
  if (twice !== undefined) {
    throw new WindlassError('internal', `the plan has two layers named ${twice}`, {
      code: 'PLAN_LAYER_TWICE',
    });
  }
  return plan;
}
