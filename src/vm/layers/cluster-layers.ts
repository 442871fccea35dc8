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

/** The cluster's tree is built again from its stored rows, and the additions of the directive. */
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

/**
 * The cluster joins or leaves the set of clusters that need the frontgate of its VPC; no task with direct
 * access.
 */
export function createFrontgateLayers(
  action: 'AcquireFrontgate' | 'ReleaseFrontgate',
  scope: PlanScope,
): readonly PlanStep[] {
  if (scope.features.nodeAccess !== 'frontgate') return [];
  // Releasing comes last: if a frontgate cannot be stopped, that is reported, and the cluster itself is in
  // its desired state.
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
