import {
  planTask,
  type CommandDirective,
  type MountDirective,
  type RefreshDirective,
  type TaskAction,
  type TaskDirectives,
  type LayerStep,
} from '../../domain/index.ts';
import { createLayer } from '../../plan/index.ts';
import { hasVolumes, sortVolumes } from './cloud-layers.ts';
import { labelNode } from './node-label.ts';
import type { OwedStep } from './owed-steps.ts';
import type { PlannedNode } from './plan-scope.ts';

/** How long the frame's own work on a node may take, in seconds. */
export const NODE_TIMEOUT_SECONDS = 600;

/**
 * The runner on the node ends a command when its timeout expires; the wait polls a little longer, so that
 * the task ends with the runner's result and the command's last output.
 */
export const COMMAND_GRACE_SECONDS = 30;

interface NodeLayerOptions {
  readonly failureAllowed?: boolean;
}

/** sshd answers with the host key that was generated for the node. */
export function createPrepareLayer(nodes: readonly PlannedNode[]): LayerStep {
  return createNodeLayer('PrepareNode', nodes, () => ({}));
}

/** If the step is still to be done, a volume without a filesystem gets one. */
export function createMountLayer(nodes: readonly PlannedNode[], format: OwedStep): LayerStep {
  return createNodeLayer('FormatAndMountVolumes', nodes.filter(hasVolumes), (planned) => ({
    ...toMountDirective(planned.role.volumes, format.isOwed(planned)),
    ...format.earlier(planned),
  }));
}

/** Volumes are unmounted; a volume that cannot be unmounted does not stop the job. */
export function createUnmountLayer(nodes: readonly PlannedNode[]): LayerStep {
  return createNodeLayer(
    'UnmountVolumes',
    nodes.filter(hasVolumes),
    ({ role }) => toMountDirective(role.volumes, false),
    { failureAllowed: true },
  );
}

/** A key pair on every node of a role that asks for one. */
export function createSshKeysLayer(nodes: readonly PlannedNode[], step: OwedStep): LayerStep {
  const asking = nodes
    .filter(({ role }) => role.passphraseless !== null && role.passphraseless !== '')
    .filter(step.isOwed);
  return createNodeLayer('GenerateSshKeys', asking, ({ role }) => ({
    keyType: role.passphraseless ?? '',
  }));
}

/**
 * Metadata, and if requested the package's files, are written to the nodes; changed configuration is
 * applied.
 */
export function createRefreshLayer(nodes: readonly PlannedNode[], directive: RefreshDirective): LayerStep {
  return createNodeLayer('RefreshConfiguration', nodes, () => directive);
}

/** The metadata is not applied any more; a failure of this does not stop the job. */
export function createStopConfigurationLayer(nodes: readonly PlannedNode[]): LayerStep {
  return createNodeLayer('StopConfiguration', nodes, () => ({}), { failureAllowed: true });
}

/** The command whose output other nodes read as this node's token, if the package has one. */
export function createCustomMetadataLayer(nodes: readonly PlannedNode[], step: OwedStep): LayerStep {
  return createLayer(
    'RegisterCustomMetadata',
    managedNodes(nodes).flatMap((planned) => {
      const { node, role } = planned;
      if (role.customMetadata === null || !step.isOwed(planned)) return [];
      const directive: CommandDirective = {
        command: role.customMetadata.command,
        commandTimeoutSeconds: role.customMetadata.timeoutSeconds,
        idempotent: false,
        ...step.earlier(planned),
      };
      return [
        {
          action: 'RegisterCustomMetadata' as const,
          nodeId: node.nodeId,
          label: labelNode(node),
          directive,
          resources: [{ kind: 'instance', intent: 'use' as const }],
          failureAllowed: false,
          timeoutSeconds: directive.commandTimeoutSeconds + COMMAND_GRACE_SECONDS,
        },
      ];
    }),
  );
}

/** Nodes that the frame works on: a role may ask for plain machines only. */
export function managedNodes(nodes: readonly PlannedNode[]): readonly PlannedNode[] {
  return nodes.filter(({ role }) => role.agentInstalled);
}

function createNodeLayer<Action extends TaskAction>(
  action: Action,
  nodes: readonly PlannedNode[],
  toDirective: (planned: PlannedNode) => TaskDirectives[Action],
  options: NodeLayerOptions = {},
): LayerStep {
  return createLayer(
    action,
    managedNodes(nodes).map((planned) =>
      planTask({
        action,
        nodeId: planned.node.nodeId,
        label: labelNode(planned.node),
        directive: toDirective(planned),
        // The lease of its instance fences changes on a node.
        resources: [{ kind: 'instance', intent: 'use' }],
        failureAllowed: options.failureAllowed ?? false,
        timeoutSeconds: NODE_TIMEOUT_SECONDS,
      }),
    ),
  );
}

function toMountDirective(volumes: PlannedNode['role']['volumes'], format: boolean): MountDirective {
  return { volumes: sortVolumes(volumes), format };
}
