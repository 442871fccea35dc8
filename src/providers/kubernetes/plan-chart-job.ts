import {
  planTask,
  WindlassError,
  type ClusterWrapper,
  type JobAction,
  type JobPlan,
  type ResourceClaim,
  type TaskDirectives,
  type LayerStep,
  type PlanStep,
} from '../../domain/index.ts';
import { compareText, createClaim, createLayer, createPlan } from '../../plan/index.ts';
import type { PlanRequest } from '../../provider/index.ts';
import { readSettings } from './settings.ts';
import { readWorkloadName, toOverrides } from './workloads.ts';
import type {
  ChangeReleaseDirective,
  ReleaseAction,
  ReleaseDirective,
  WorkloadCount,
} from './release-tasks.ts';

/** The kind of the one ledger row of a cluster. */
export const RELEASE_KIND = 'release';

interface Scope {
  readonly request: PlanRequest;
  readonly target: ReleaseDirective;
  readonly waitSeconds: number;
}

const LAYERS_OF: Readonly<Partial<Record<JobAction, (scope: Scope) => readonly PlanStep[]>>> = {
  create: (scope) => [install(scope)],
  delete: (scope) => [uninstall(scope), layer(scope, 'PurgeRelease', scope.target, 'remove')],
  // The release's last trace after a delete is helm's records; no other object is left.
  cease: (scope) => [layer(scope, 'PurgeRelease', scope.target, 'remove')],
  upgrade: (scope) => [upgrade(scope, { hooks: true, renders: true })],
  'update-env': (scope) => [upgrade(scope, { hooks: true, renders: true })],
  'add-nodes': (scope) => [upgrade(scope, { hooks: false, renders: false })],
  'delete-nodes': (scope) => [upgrade(scope, { hooks: false, renders: false })],
  resize: (scope) => [upgrade(scope, { hooks: false, renders: false })],
  rollback: (scope) => [
    layer(scope, 'RollbackRelease', toChange(scope, { hooks: true, renders: false }), 'change'),
  ],
  stop: (scope) => [workloads(scope, 'StopWorkloads', listCounts(scope.request.cluster))],
  start: (scope) => [workloads(scope, 'StartWorkloads', listCounts(scope.request.cluster))],
  restart: (scope) => [workloads(scope, 'RestartWorkloads', chooseRoles(scope))],
  recover: (scope) => [
    install(scope),
    upgrade(scope, { hooks: true, renders: false }),
    workloads(scope, 'StartWorkloads', listCounts(scope.request.cluster)),
  ],
};

/** What can be done with a chart's release. */
export const CHART_ACTIONS = Object.keys(LAYERS_OF) as readonly JobAction[];

/**
 * The plan of a job on a chart's release. Pure: the same request gives the same plan, byte for byte, in
 * whatever order its roles and nodes come. One task for each layer: helm orders the steps within it.
 *
 * @throws invalid-input `ACTION_NOT_SUPPORTED`, `CAPABILITY_MISSING`, `ROLE_UNKNOWN`,
 * `KUBERNETES_SETTING`.
 */
export function planChartJob(request: PlanRequest): JobPlan {
  const { action } = request.job;
  const layersOf = LAYERS_OF[action];
  if (layersOf === undefined) {
    throw new WindlassError('invalid-input', `Kubernetes clusters do not support ${action}`, {
      code: 'ACTION_NOT_SUPPORTED',
      hint: `the supported actions are: ${CHART_ACTIONS.join(', ')}`,
      field: 'action',
    });
  }
  const { cluster } = request.cluster;
  return createPlan(
    layersOf({
      request,
      target: { release: cluster.name, namespace: cluster.subnetId },
      waitSeconds: readSettings(request.runtime.settings).waitSeconds,
    }),
  );
}

function install(scope: Scope): LayerStep {
  // The same for create and recover: an existing release is adopted if it was made for the same spec.
  return layer(scope, 'InstallRelease', scope.target, 'make');
}

function uninstall(scope: Scope): LayerStep {
  const force = scope.request.job.options.force === true;
  return layer(scope, 'UninstallRelease', { ...scope.target, force }, 'remove');
}

type ChangeOptions = Pick<ChangeReleaseDirective, 'hooks' | 'renders'>;

function upgrade(scope: Scope, options: ChangeOptions): LayerStep {
  return layer(scope, 'UpgradeRelease', toChange(scope, options), 'change');
}

function toChange({ request, target }: Scope, options: ChangeOptions): ChangeReleaseDirective {
  const { cluster } = request.cluster;
  const stopped = cluster.status === 'stopped' && request.job.action !== 'recover';
  return { ...target, overrides: toOverrides(request.cluster), stopped, ...options };
}

function workloads(
  scope: Scope,
  action: 'StopWorkloads' | 'StartWorkloads' | 'RestartWorkloads',
  counts: readonly WorkloadCount[],
): LayerStep {
  return layer(scope, action, { ...scope.target, workloads: counts }, 'use');
}

/** How many pods each workload has while it runs, according to the stored nodes. */
function listCounts({ roles, nodes }: ClusterWrapper): readonly WorkloadCount[] {
  return roles
    .flatMap((role) => {
      const workload = readWorkloadName(role);
      if (workload === null) return [];
      const replicas = nodes.filter((node) => node.role === role.role && node.status !== 'deleted').length;
      return [{ kind: workload.kind, name: workload.name, replicas }];
    })
    .sort((left, right) => compareText(`${left.kind}/${left.name}`, `${right.kind}/${right.name}`));
}

function chooseRoles({ request }: Scope): readonly WorkloadCount[] {
  const { roles: wanted } = request.job.options;
  if (wanted === undefined) return listCounts(request.cluster);
  const known = request.cluster.roles.map((role) => role.role);
  const missing = wanted.find((role) => !known.includes(role));
  if (missing !== undefined) {
    throw new WindlassError('invalid-input', `the cluster has no role ${JSON.stringify(missing)}`, {
      code: 'ROLE_UNKNOWN',
      field: 'roles',
      hint: `it has: ${[...known].sort(compareText).join(', ')}`,
    });
  }
  return listCounts({
    ...request.cluster,
    roles: request.cluster.roles.filter((role) => wanted.includes(role.role)),
  });
}

function layer<Action extends ReleaseAction>(
  scope: Scope,
  action: Action,
  directive: TaskDirectives[Action],
  intent: ResourceClaim['intent'],
): LayerStep {
  const task = planTask({
    action,
    nodeId: null,
    label: scope.target.release,
    directive,
    resources: [createClaim(RELEASE_KIND, intent, { ...scope.target })],
    failureAllowed: false,
    timeoutSeconds: scope.waitSeconds,
  });
  return createLayer(action, [task]);
}
