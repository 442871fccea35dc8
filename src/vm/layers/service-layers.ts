import {
  planTask,
  type ServiceAction,
  type ServiceDirective,
  type ServiceName,
  type ServiceSpec,
  type PlanStep,
} from '../../domain/index.ts';
import { compareText, createLayersByOrder, selectServiceNodes, type OrderedTask } from '../../plan/index.ts';
import { labelNode } from './node-label.ts';
import { COMMAND_GRACE_SECONDS, managedNodes } from './node-layers.ts';
import { FIRST_TIME, type OwedStep } from './owed-steps.ts';
import type { PlannedNode } from './plan-scope.ts';

/** The task action of a service of the package specification. */
const ACTION_OF = {
  init: 'InitService',
  start: 'StartService',
  stop: 'StopService',
  restart: 'RestartService',
  scale_out: 'ScaleOutService',
  scale_in: 'ScaleInService',
  destroy: 'DestroyService',
  upgrade: 'UpgradeService',
  backup: 'BackupService',
  restore: 'RestoreService',
  delete_snapshot: 'DeleteSnapshotService',
} as const satisfies Record<ServiceName, ServiceAction>;

/** How one service runs in a plan. */
export interface ServiceLayerOptions {
  /** Only roles whose service passes, e.g. those whose init runs after start. */
  readonly where?: (service: ServiceSpec) => boolean;
  readonly failureAllowed?: (service: ServiceSpec) => boolean;
  /** On which of the service's nodes; all by default. */
  readonly step?: OwedStep;
}

/**
 * The layers of one service over all roles: a smaller order runs earlier, equal orders run in
 * parallel, whatever their roles are; a role may limit how many of its nodes run it.
 */
export function createServiceLayers(
  name: ServiceName,
  nodes: readonly PlannedNode[],
  options: ServiceLayerOptions = {},
): readonly PlanStep[] {
  const action = ACTION_OF[name];
  const ordered = groupByRole(managedNodes(nodes)).flatMap((roleNodes) =>
    planRoleService(action, name, roleNodes, options),
  );
  return createLayersByOrder(action, ordered);
}

function planRoleService(
  action: ServiceAction,
  name: ServiceName,
  roleNodes: readonly PlannedNode[],
  options: ServiceLayerOptions,
): readonly OrderedTask[] {
  const role = roleNodes[0]?.role;
  const service = role?.services.find((declared) => declared.name === name && !declared.custom);
  if (role === undefined || service === undefined || options.where?.(service) === false) return [];
  const directive: ServiceDirective = {
    service: name,
    command: service.command,
    commandTimeoutSeconds: service.timeoutSeconds,
    idempotent: service.idempotent,
  };
  const step = options.step ?? FIRST_TIME;
  const chosen = selectServiceNodes(
    roleNodes.map(({ node }) => node),
    service.nodesToExecuteOn,
  ).map((node) => ({ node, role }));
  return chosen.filter(step.isOwed).map((planned) => ({
    order: service.order,
    task: planTask({
      action,
      nodeId: planned.node.nodeId,
      label: labelNode(planned.node),
      directive: { ...directive, ...step.earlier(planned) },
      resources: [{ kind: 'instance', intent: 'use' }],
      failureAllowed: options.failureAllowed?.(service) ?? false,
      timeoutSeconds: service.timeoutSeconds + COMMAND_GRACE_SECONDS,
    }),
  }));
}

/** Nodes by their own role (replicas separate from the nodes that they copy), in the order of role names. */
function groupByRole(nodes: readonly PlannedNode[]): readonly (readonly PlannedNode[])[] {
  const names = [...new Set(nodes.map(({ node }) => node.role))].sort(compareText);
  return names.map((name) => nodes.filter(({ node }) => node.role === name));
}
