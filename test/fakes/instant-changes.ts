import {
  planTask,
  type ClusterNode,
  type InstanceDirective,
  type JobAction,
  type JobPlan,
  type ResourceClaim,
  type ServiceDirective,
  type TaskDirectives,
} from '../../src/domain/index.ts';
import { createClaim, createLayer, createPlan } from '../../src/plan/index.ts';
import type { PlanRequest } from '../../src/provider/index.ts';

const INSTANCE: InstanceDirective = {
  cpu: 1,
  memoryMiB: 1,
  gpu: 0,
  gpuClass: 0,
  instanceClass: 0,
  container: { type: 'kvm', image: '', zone: '' },
  subnetId: '',
  hostname: '',
};
const SERVICE: ServiceDirective = { service: '', command: '', commandTimeoutSeconds: 1, idempotent: true };
const DIRECTIVES = {
  RunInstances: INSTANCE,
  ResizeInstances: INSTANCE,
  StartInstances: {},
  DeleteInstances: {},
  UpgradeService: SERVICE,
  RestartService: SERVICE,
  RefreshConfiguration: { packageFiles: true },
} as const satisfies Partial<TaskDirectives>;
type InstantAction = keyof typeof DIRECTIVES;

const ON_STAYING: Readonly<Partial<Record<JobAction, InstantAction>>> = {
  upgrade: 'UpgradeService',
  rollback: 'UpgradeService',
  'update-env': 'RefreshConfiguration',
  resize: 'ResizeInstances',
  restart: 'RestartService',
  recover: 'StartInstances',
};

/** New nodes are made, staying ones get one task, leaving ones are deleted. */
export function planInstantChange({ job, cluster, before = cluster }: PlanRequest): JobPlan {
  const idsBefore = new Set(before.nodes.map((node) => node.nodeId));
  const idsAfter = new Set(cluster.nodes.map((node) => node.nodeId));
  const fresh = cluster.nodes.filter((node) => !idsBefore.has(node.nodeId));
  const staying = cluster.nodes.filter((node) => idsBefore.has(node.nodeId));
  const leaving = before.nodes.filter((node) => !idsAfter.has(node.nodeId));
  const onStaying = ON_STAYING[job.action];
  return createPlan(
    [
      ...(onStaying === undefined ? [] : [toLayer(onStaying, staying, 'use')]),
      toLayer('RunInstances', fresh, 'make'),
      toLayer('DeleteInstances', leaving, 'remove'),
    ].filter((layer) => layer.tasks.length > 0),
  );
}

function toLayer(action: InstantAction, nodes: readonly ClusterNode[], intent: ResourceClaim['intent']) {
  const tasks = nodes.map((node) =>
    planTask({
      action,
      nodeId: node.nodeId,
      label: `node ${node.serverId}`,
      directive: DIRECTIVES[action],
      resources: [createClaim('instance', intent, {})],
      failureAllowed: false,
      timeoutSeconds: 60,
    }),
  );
  return createLayer(action, tasks);
}
