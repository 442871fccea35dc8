import {
  planTask,
  type LayerStep,
  type MetadataDirective,
  type PlanStep,
  type StepRuns,
  type TaskAction,
  type TaskDirectives,
} from '../../domain/index.ts';
import { createLayer } from '../../plan/index.ts';
import { CLOUD_TIMEOUT_SECONDS } from './cloud-layers.ts';
import type { PlanScope } from './plan-scope.ts';

interface ClusterLayerOptions {
  readonly failureAllowed?: boolean;
  readonly runs?: StepRuns;
}

/** The cluster's tree is built anew from what is stored of it, and what the directive says besides. */
export function createMetadataLayer(scope: PlanScope, directive: MetadataDirective = {}): LayerStep {
  return createTaskLayer('RegisterMetadata', scope, directive);
}

/** A layer of one task that concerns the whole cluster. */
export function createClusterLayer(
  action: 'DeregisterMetadata' | 'FrontgateAvailable' | 'AcquireFrontgate' | 'ReleaseFrontgate',
  scope: PlanScope,
  options: ClusterLayerOptions = {},
): LayerStep {
  return createTaskLayer(action, scope, {}, options);
}

/** The cluster joins or leaves the set that keeps the frontgate of its VPC; nothing with direct access. */
export function createFrontgateLayers(
  action: 'AcquireFrontgate' | 'ReleaseFrontgate',
  scope: PlanScope,
): readonly PlanStep[] {
  if (scope.features.nodeAccess !== 'frontgate') return [];
  // Releasing comes last: a frontgate that does not stop is told, and leaves the cluster as it should be.
  return [createClusterLayer(action, scope, { failureAllowed: action === 'ReleaseFrontgate' })];
}

function createTaskLayer<Action extends TaskAction>(
  action: Action,
  { request }: PlanScope,
  directive: TaskDirectives[Action],
  options: ClusterLayerOptions = {},
): LayerStep {
  const task = planTask({
    action,
    nodeId: null,
    label: request.cluster.cluster.clusterId,
    directive,
    resources: [],
    failureAllowed: options.failureAllowed ?? false,
    timeoutSeconds: CLOUD_TIMEOUT_SECONDS,
  });
  return createLayer(action, [task], options.runs);
}
