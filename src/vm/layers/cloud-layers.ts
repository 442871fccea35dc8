import {
  planTask,
  type InstanceDirective,
  type PlannedTaskOf,
  type ResourceClaim,
  type TaskAction,
  type LayerStep,
  type VolumeSpec,
} from '../../domain/index.ts';
import { createClaim, createLayer } from '../../plan/index.ts';
import { INSTANCE_KIND, toVolumeKind } from '../../provider/index.ts';
import { labelNode } from './node-label.ts';
import type { PlannedNode, PlanScope } from './plan-scope.ts';
import { findPrivateIp } from './private-ip.ts';

/** How long the cloud may take, in seconds. */
export const CLOUD_TIMEOUT_SECONDS = 600;

type InstanceAction = 'RunInstances' | 'StopInstances' | 'StartInstances' | 'DeleteInstances';
type VolumeAction = 'CreateVolumes' | 'AttachVolumes' | 'DetachVolumes' | 'DeleteVolumes';

/** One layer of instance tasks, one for each node given. */
export function createInstanceLayer(
  action: InstanceAction,
  scope: PlanScope,
  nodes: readonly PlannedNode[],
  options: { readonly failureAllowed?: boolean } = {},
): LayerStep {
  return createLayer(
    action,
    nodes.map((planned) => {
      const task = { ...createCloudTask(planned, options), resources: claimInstance(action, scope, planned) };
      return action === 'RunInstances'
        ? planTask({ ...task, action, directive: toInstanceDirective(scope, planned) })
        : planTask({ ...task, action, directive: {} });
    }),
  );
}

/** One layer of volume tasks; nodes without volumes have none. */
export function createVolumeLayer(
  action: VolumeAction,
  nodes: readonly PlannedNode[],
  options: { readonly failureAllowed?: boolean } = {},
): LayerStep {
  return createLayer(
    action,
    nodes.filter(hasVolumes).map((planned) =>
      planTask({
        ...createCloudTask(planned, options),
        action,
        directive: { volumes: sortVolumes(planned.role.volumes) },
        resources: claimVolumes(planned, VOLUME_INTENTS[action]),
      }),
    ),
  );
}

function claimInstance(
  action: InstanceAction,
  scope: PlanScope,
  planned: PlannedNode,
): readonly ResourceClaim[] {
  const { hostname: _hostname, ...spec } = toInstanceDirective(scope, planned);
  return [createClaim(INSTANCE_KIND, INSTANCE_INTENTS[action], spec)];
}

const INSTANCE_INTENTS: Readonly<Record<InstanceAction, ResourceClaim['intent']>> = {
  RunInstances: 'make',
  StopInstances: 'use',
  StartInstances: 'use',
  DeleteInstances: 'remove',
};

const VOLUME_INTENTS: Readonly<Record<VolumeAction, ResourceClaim['intent']>> = {
  CreateVolumes: 'make',
  AttachVolumes: 'use',
  DetachVolumes: 'use',
  DeleteVolumes: 'remove',
};

function claimVolumes({ role }: PlannedNode, intent: ResourceClaim['intent']): readonly ResourceClaim[] {
  return sortVolumes(role.volumes).map((volume) =>
    createClaim(toVolumeKind(volume.index), intent, { ...volume }),
  );
}

/** Whether a node has volumes of its own. */
export function hasVolumes(planned: PlannedNode): boolean {
  return planned.role.volumes.length > 0;
}

/** By index, which is part of a volume's token. */
export function sortVolumes(volumes: readonly VolumeSpec[]): readonly VolumeSpec[] {
  return [...volumes].sort((a, b) => a.index - b.index);
}

function createCloudTask(
  { node }: PlannedNode,
  options: { readonly failureAllowed?: boolean },
): Omit<PlannedTaskOf<TaskAction>, 'action' | 'directive' | 'resources'> {
  return {
    nodeId: node.nodeId,
    label: labelNode(node),
    failureAllowed: options.failureAllowed ?? false,
    timeoutSeconds: CLOUD_TIMEOUT_SECONDS,
  };
}

function toInstanceDirective(scope: PlanScope, planned: PlannedNode): InstanceDirective {
  const { node, role } = planned;
  const privateIp = findPrivateIp(planned);
  return {
    cpu: role.cpu,
    memoryMiB: role.memoryMiB,
    gpu: role.gpu,
    gpuClass: role.gpuClass,
    instanceClass: role.instanceClass,
    container: role.container,
    subnetId: scope.request.cluster.cluster.subnetId,
    // Unique, and a valid host name everywhere.
    hostname: node.nodeId,
    ...(privateIp === undefined ? {} : { privateIp }),
  };
}
