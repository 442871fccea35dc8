import type { PlanStep } from '../../domain/index.ts';
import { createInstanceLayer, createVolumeLayer } from './cloud-layers.ts';
import { createFrontgateLayers, createMetadataLayer } from './cluster-layers.ts';
import { customMetadataLayers } from './create.ts';
import { createFrontgateLane, createNodeSteps } from './node-lanes.ts';
import {
  createMountLayer,
  createPrepareLayer,
  createRefreshLayer,
  createSshKeysLayer,
} from './node-layers.ts';
import { owedStep, refuseBeyondRepair } from './owed-steps.ts';
import type { PlanScope } from './plan-scope.ts';
import { createServiceLayers } from './service-layers.ts';

/**
 * Volumes and instances are started, the nodes get each other's new addresses, services start. Mounts are
 * verified before any service writes; a volume without a filesystem has lost its data here, so it fails
 * instead of being formatted.
 *
 * Steps that a create has left undone are done on the way, in a create's order and on the nodes that lack
 * them: formatting, keys, init, tokens. A command that failed runs again; one whose end was not observed
 * is first looked up on its node.
 *
 * @throws conflict `CLUSTER_NOT_WHOLE` if a node is gone, or it is unknown whether a command may run.
 */
export function layersOfStart(scope: PlanScope): readonly PlanStep[] {
  refuseBeyondRepair(scope);
  const nodes = scope.all;
  const init = owedStep(scope, 'InitService');
  return [
    ...createFrontgateLayers('AcquireFrontgate', scope),
    ...createNodeSteps('start nodes', scope, {
      cloud: [
        [createVolumeLayer('AttachVolumes', nodes)],
        [createInstanceLayer('StartInstances', scope, nodes)],
      ],
      node: [
        [createPrepareLayer(nodes)],
        [createMountLayer(nodes, owedStep(scope, 'FormatAndMountVolumes'))],
        [createSshKeysLayer(nodes, owedStep(scope, 'GenerateSshKeys'))],
      ],
      beside: scope.features.nodeAccess === 'frontgate' ? [createFrontgateLane(scope)] : [],
    }),
    createMetadataLayer(scope),
    createRefreshLayer(nodes, { packageFiles: true }),
    ...createServiceLayers('init', nodes, { where: (service) => !service.postStartService, step: init }),
    ...customMetadataLayers(scope, owedStep(scope, 'RegisterCustomMetadata')),
    ...createServiceLayers('start', nodes),
    ...createServiceLayers('init', nodes, { where: (service) => service.postStartService, step: init }),
  ];
}
