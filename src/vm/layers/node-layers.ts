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
 * The runner on the node ends a command at its limit; the wait looks on a little longer, so that
 * it is the runner's word, with the command's last output, that ends the task.
 */
export const COMMAND_GRACE_SECONDS = 30;

interface NodeLayerOptions {
  readonly failureAllowed?: boolean;
}

/** sshd answers with the host key that was made for the node. */
export function createPrepareLayer(nodes: readonly PlannedNode[]): LayerStep {
  return createNodeLayer('PrepareNode', nodes, () => ({}));
}

/** Where the step is owed, a volume without a filesystem gets one. */
export function createMountLayer(nodes: readonly PlannedNode[], format: OwedStep): LayerStep {
  return createNodeLayer('FormatAndMountVolumes', nodes.filter(hasVolumes), (planned) => ({
    ...toMountDirective(planned.role.volumes, format.isOwed(planned)),
    ...format.earlier(planned),
  }));
}

/** Volumes leave the nodes' file systems; what cannot be unmounted does not stop the job. */
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

/** Metadata, and where asked for the package's files, reach the nodes; changed configuration is applied. */
export function createRefreshLayer(nodes: readonly PlannedNode[], directive: RefreshDirective): LayerStep {
  return createNodeLayer('RefreshConfiguration', nodes, () => directive);
}

/** Nothing follows the metadata any more; its failure does not stop the job. */
export function createStopConfigurationLayer(nodes: readonly PlannedNode[]): LayerStep {
  return createNodeLayer('StopConfiguration', nodes, () => ({}), { failureAllowed: true });
}

/** The command whose output other nodes read as this node's token, where the package has one. */
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

/** Nodes that the framework works on: a role may say that it wants plain machines and no more. */
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
        // The lease of its instance fences what is done on a node.
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
