import type { OnceAction, TaskRound } from '../../domain/index.ts';
import { clusterNotWhole, type OwedTask } from '../../plan/index.ts';
import type { EarlierAttempts } from '../../domain/index.ts';
import { labelNode } from './node-label.ts';
import type { PlannedNode, PlanScope } from './plan-scope.ts';

/** Says on which nodes of a plan a step runs, and what it must know there; see `owedStep`. */
export interface OwedStep {
  readonly isOwed: (planned: PlannedNode) => boolean;
  readonly earlier: (planned: PlannedNode) => EarlierAttempts;
}

/** A step in a create: on every node, without earlier attempts. */
export const FIRST_TIME: OwedStep = { isOwed: () => true, earlier: () => ({}) };

/** The step on the nodes on which no job has done it yet. */
export function owedStep(scope: PlanScope, action: OnceAction): OwedStep {
  const owed = new Map(
    scope.owed.filter((task) => task.action === action).map((task) => [task.nodeId, task] as const),
  );
  return {
    isOwed: ({ node }) => owed.has(node.nodeId),
    earlier: ({ node }) => {
      const earlier = listUnseen(owed.get(node.nodeId));
      return earlier.length === 0 ? {} : { earlier };
    },
  };
}

/**
 * Refuses what cannot be completed: a node that a delete has removed, and a command of the package whose
 * outcome is unknown and that is not declared idempotent.
 *
 * @throws conflict `CLUSTER_NOT_WHOLE`
 */
export function refuseBeyondRepair(scope: PlanScope): void {
  const deleted = scope.all
    .filter(({ node }) => node.status === 'deleted')
    .map(({ node }) => `${labelNode(node)} was deleted`);
  const unknown = scope.owed
    .filter((task) => !isHarmlessTwice(scope, task) && task.attempts.some(({ end }) => end === 'unknown'))
    .map(({ action, label }) => `the outcome of ${action} of ${label} is unknown`);
  const faults = [...deleted, ...unknown];
  if (faults.length > 0) throw clusterNotWhole(scope.request.cluster.cluster, faults);
}

function isHarmlessTwice({ all }: PlanScope, { action, nodeId }: OwedTask): boolean {
  if (action === 'RegisterCustomMetadata') return false;
  // All others except init are the frame's own, and check before they act.
  if (action !== 'InitService') return true;
  const services = all.find(({ node }) => node.nodeId === nodeId)?.role.services ?? [];
  return services.some(({ name, custom, idempotent }) => name === 'init' && !custom && idempotent);
}

function listUnseen(owed: OwedTask | undefined): readonly TaskRound[] {
  return (owed?.attempts ?? [])
    .filter(({ end }) => end === 'unseen')
    .map(({ taskId, round }) => ({ taskId, round }));
}
