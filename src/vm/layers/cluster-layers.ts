import { planTask, type TaskAction, type LayerStep, type PlanStep } from '../../domain/index.ts';
import { createLayer } from '../../plan/index.ts';
import { CLOUD_TIMEOUT_SECONDS } from './cloud-layers.ts';
import type { PlanScope } from './plan-scope.ts';

type ClusterAction = Extract<
  TaskAction,
  'RegisterMetadata' | 'DeregisterMetadata' | 'FrontgateAvailable' | 'AcquireFrontgate' | 'ReleaseFrontgate'
>;

/** A layer of one task that concerns the whole cluster. */
export function createClusterLayer(
  action: ClusterAction,
  scope: PlanScope,
  options: { readonly failureAllowed?: boolean; readonly name?: string } = {},
): LayerStep {
  return createLayer(options.name ?? action, [
    planTask({
      action,
      nodeId: null,
      label: scope.cluster.clusterId,
      directive: {},
      resources: [],
      failureAllowed: options.failureAllowed ?? false,
      timeoutSeconds: CLOUD_TIMEOUT_SECONDS,
    }),
  ]);
}

/** The cluster joins or leaves the set that keeps the frontgate of its VPC; nothing with direct access. */
export function createFrontgateLayers(
  action: 'AcquireFrontgate' | 'ReleaseFrontgate',
  scope: PlanScope,
): readonly PlanStep[] {
  if (scope.capabilities.nodeAccess !== 'frontgate') return [];
  // Releasing comes last: a frontgate that does not stop is told, and leaves the cluster as it should be.
  return [createClusterLayer(action, scope, { failureAllowed: action === 'ReleaseFrontgate' })];
}
