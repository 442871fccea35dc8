import type {
  FlatPlan,
  JobPlan,
  Lane,
  LayerShape,
  PlannedTask,
  PlanStep,
  StepShape,
  TaskLayer,
  TaskPosition,
} from '../domain/index.ts';

/**
 * A plan in its stored form: layers are numbered through the job, tasks within their layer. The layers of
 * a step's lanes are merged by title, so that a step has as many of them as its longest lane, however many
 * lanes there are; a task keeps the number of its lane.
 */
export function flattenPlan(plan: JobPlan): FlatPlan {
  const steps: StepShape[] = [];
  const tasks: (PlannedTask & TaskPosition)[] = [];
  let nextLayer = 0;
  for (const [index, step] of plan.entries()) {
    const columns = toColumns(step);
    const layers = columns.map((column, offset): LayerShape => ({
      index: nextLayer + offset,
      name: column.title,
      total: column.entries.length,
    }));
    for (const [offset, column] of columns.entries()) {
      tasks.push(
        ...column.entries.map(({ task, lane }, position) => ({
          ...task,
          layerIndex: nextLayer + offset,
          index: position,
          lane,
        })),
      );
    }
    steps.push({ index, title: step.title, runs: step.runs, layers, lanes: toLanesShape(step) });
    nextLayer += columns.length;
  }
  return { steps, tasks };
}

/**
 * Every layer of a plan, those of a step's lanes merged by title: running them one after the other keeps
 * the order within each lane.
 */
export function listLayers(plan: JobPlan): readonly TaskLayer[] {
  return plan.flatMap((step) =>
    toColumns(step).map(({ title, entries }) => ({ title, tasks: entries.map(({ task }) => task) })),
  );
}

/** One layer of a step over all lanes. */
interface Column {
  readonly title: string;
  readonly entries: { readonly task: PlannedTask; readonly lane: number | null }[];
}

function toColumns(step: PlanStep): readonly Column[] {
  if (step.kind === 'layer')
    return [{ title: step.title, entries: step.tasks.map((task) => ({ task, lane: null })) }];
  const columns: Column[] = [];
  for (const [lane, { layers }] of step.lanes.entries()) {
    let next = 0;
    for (const layer of layers) {
      const column = findColumn(columns, layer, next);
      columns[column]?.entries.push(...layer.tasks.map((task) => ({ task, lane })));
      next = column + 1;
    }
  }
  return columns;
}

/** The column for a layer of a lane that has reached `next`; created there if no later one has its title. */
function findColumn(columns: Column[], { title }: TaskLayer, next: number): number {
  const found = columns.findIndex((column, index) => index >= next && column.title === title);
  if (found !== -1) return found;
  columns.splice(next, 0, { title, entries: [] });
  return next;
}

function toLanesShape(step: PlanStep): StepShape['lanes'] {
  if (step.kind === 'layer') return null;
  return {
    count: step.lanes.length,
    atOnce: step.atOnce,
    mostTasks: Math.max(...step.lanes.map(countTasks)),
  };
}

function countTasks({ layers }: Lane): number {
  return layers.reduce((sum, layer) => sum + layer.tasks.length, 0);
}
