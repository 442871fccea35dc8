import { SERVICE_ACTIONS } from '../../domain/index.ts';
import type { NodeShell } from '../../nodes/index.ts';
import { endingSoon, forNode, type TaskEntry } from '../task-implementation.ts';
import { createCustomMetadataTask } from './custom-metadata.ts';
import { createSshKeysTask } from './generate-ssh-keys.ts';
import { createGrowTask, createMountTask, createUnmountTask } from './mount-volumes.ts';
import { createPrepareNodeTask } from './prepare-node.ts';
import { createRefreshTask } from './refresh-configuration.ts';
import { createServiceTask } from './run-service.ts';
import { createStopConfigurationTask } from './stop-configuration.ts';

/** The frame's tasks on nodes, over their sshd. */
export function createNodeTasks(nodes: NodeShell): readonly TaskEntry[] {
  const service = forNode(endingSoon(createServiceTask(nodes)));
  return [
    ['PrepareNode', forNode(endingSoon(createPrepareNodeTask(nodes)))],
    ['FormatAndMountVolumes', forNode(endingSoon(createMountTask(nodes)))],
    ['UnmountVolumes', forNode(endingSoon(createUnmountTask(nodes)))],
    ['GrowFilesystems', forNode(endingSoon(createGrowTask(nodes)))],
    ['GenerateSshKeys', forNode(createSshKeysTask(nodes))],
    ['RefreshConfiguration', forNode(createRefreshTask(nodes))],
    ['StopConfiguration', forNode(createStopConfigurationTask(nodes))],
    ['RegisterCustomMetadata', forNode(endingSoon(createCustomMetadataTask(nodes)))],
    ...SERVICE_ACTIONS.map((action): TaskEntry => [action, service]),
  ];
}
