import type { Lane, LanesStep, LayerStep, PlannedTask, PlanStep } from '../../domain/index.ts';
import { createLanes } from '../../plan/index.ts';
import { createClusterLayer } from './cluster-layers.ts';
import { labelNode } from './node-label.ts';
import type { PlannedNode, PlanScope } from './plan-scope.ts';

/** Layers whose tasks run at the same time, for one node as for all. */
export type Stage = readonly LayerStep[];

/**
 * A lane for each node, with its own tasks of every stage: a stage of one node begins when that
 * node's stage before has ended, whatever the other nodes do.
 *
 * @param beside further lanes of the step.
 */
export function createNodeLanes(
  title: string,
  nodes: readonly PlannedNode[],
  stages: readonly Stage[],
  beside: readonly Lane[] = [],
): LanesStep {
  const columns = stages.map((layers) => ({
    // The same for all nodes, so that a view has one layer of it.
    title: layers
      .filter(({ tasks }) => tasks.length > 0)
      .map((layer) => layer.title)
      .join(' and '),
    tasksOf: groupByNode(layers.flatMap(({ tasks }) => tasks)),
  }));
  const lanes = nodes.map(({ node }): Lane => ({
    label: labelNode(node),
    layers: columns.map((column) => ({
      title: column.title,
      tasks: column.tasksOf.get(node.nodeId) ?? [],
    })),
  }));
  return createLanes(title, [...lanes, ...beside]);
}

/**
 * The tasks that bring nodes up: first in the cloud, then on the node itself. Nodes behind a frontgate can
 * be reached only when it is ready, so the second part is then a step of its own.
 */
export function createNodeSteps(
  title: string,
  scope: PlanScope,
  parts: {
    readonly cloud: readonly Stage[];
    readonly node: readonly Stage[];
    readonly beside: readonly Lane[];
  },
): readonly PlanStep[] {
  const { cloud, node, beside } = parts;
  if (scope.features.nodeAccess !== 'frontgate')
    return [createNodeLanes(title, scope.all, [...cloud, ...node], beside)];
  return [
    createNodeLanes(title, scope.all, cloud, beside),
    createNodeLanes('prepare nodes', scope.all, node),
  ];
}

/** Waits for the frontgate while the cloud creates the nodes. */
export function createFrontgateLane(scope: PlanScope): Lane {
  const { title, tasks } = createClusterLayer('FrontgateAvailable', scope);
  return { label: 'frontgate', layers: [{ title, tasks }] };
}

function groupByNode(tasks: readonly PlannedTask[]): ReadonlyMap<string | null, readonly PlannedTask[]> {
  const groups = new Map<string | null, PlannedTask[]>();
  for (const task of tasks) {
    const group = groups.get(task.nodeId);
    if (group === undefined) groups.set(task.nodeId, [task]);
    else group.push(task);
  }
  return groups;
}
