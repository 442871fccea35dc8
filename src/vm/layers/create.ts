import type { PlanStep } from '../../domain/index.ts';
import { createInstanceLayer, createVolumeLayer } from './cloud-layers.ts';
import { createFrontgateLayers, createMetadataLayer } from './cluster-layers.ts';
import { createFrontgateLane, createNodeSteps } from './node-lanes.ts';
import {
  createCustomMetadataLayer,
  createMountLayer,
  createPrepareLayer,
  createRefreshLayer,
  createSshKeysLayer,
} from './node-layers.ts';
import { FIRST_TIME, type OwedStep } from './owed-steps.ts';
import type { PlanScope } from './plan-scope.ts';
import { requireCapabilities } from './required-capabilities.ts';
import { createServiceLayers } from './service-layers.ts';

/**
 * Resources first, each node independently, the volumes of a node at the same time as its instance; then,
 * when all nodes exist, metadata, then the package's init and start.
 */
export function layersOfCreate(scope: PlanScope): readonly PlanStep[] {
  requireCapabilities(scope);
  const nodes = scope.all;
  return [
    ...createFrontgateLayers('AcquireFrontgate', scope),
    ...createNodeSteps('make nodes', scope, {
      cloud: [
        [createVolumeLayer('CreateVolumes', nodes), createInstanceLayer('RunInstances', scope, nodes)],
        [createVolumeLayer('AttachVolumes', nodes)],
      ],
      node: [
        [createPrepareLayer(nodes)],
        [createMountLayer(nodes, FIRST_TIME)],
        [createSshKeysLayer(nodes, FIRST_TIME)],
      ],
      beside: [createFrontgateLane(scope)],
    }),
    createMetadataLayer(scope),
    createRefreshLayer(nodes, { packageFiles: true }),
    ...createServiceLayers('init', nodes, { where: (service) => !service.postStartService }),
    ...customMetadataLayers(scope, FIRST_TIME),
    ...createServiceLayers('start', nodes),
    ...createServiceLayers('init', nodes, { where: (service) => service.postStartService }),
  ];
}

/** Tokens must be readable for other nodes: the tree that holds them is registered and distributed again. */
export function customMetadataLayers(scope: PlanScope, step: OwedStep): readonly PlanStep[] {
  const tokens = createCustomMetadataLayer(scope.all, step);
  if (tokens.tasks.length === 0) return [];
  return [tokens, createMetadataLayer(scope), createRefreshLayer(scope.all, { packageFiles: false })];
}
