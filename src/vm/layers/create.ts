import type { PlanStep } from '../../domain/index.ts';
import { createInstanceLayer, createVolumeLayer } from './cloud-layers.ts';
import { createClusterLayer, createFrontgateLayers } from './cluster-layers.ts';
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

/** Resources first, then metadata, then the package's init and start. */
export function layersOfCreate(scope: PlanScope): readonly PlanStep[] {
  requireCapabilities(scope);
  const { nodes } = scope;
  return [
    ...createFrontgateLayers('AcquireFrontgate', scope),
    createVolumeLayer('CreateVolumes', nodes),
    createClusterLayer('FrontgateAvailable', scope),
    createInstanceLayer('RunInstances', scope, nodes),
    createVolumeLayer('AttachVolumes', nodes),
    createPrepareLayer(nodes),
    createMountLayer(nodes, FIRST_TIME),
    createSshKeysLayer(nodes, FIRST_TIME),
    createClusterLayer('RegisterMetadata', scope),
    createRefreshLayer(nodes, { packageFiles: true }),
    ...createServiceLayers('init', nodes, { where: (service) => !service.postStartService }),
    ...customMetadataLayers(scope, FIRST_TIME),
    ...createServiceLayers('start', nodes),
    ...createServiceLayers('init', nodes, {
      where: (service) => service.postStartService,
      suffix: 'after StartService',
    }),
  ];
}

/** Tokens are there for other nodes to read: the tree that holds them is registered and handed out anew. */
export function customMetadataLayers(scope: PlanScope, step: OwedStep): readonly PlanStep[] {
  const tokens = createCustomMetadataLayer(scope.nodes, step);
  if (tokens.tasks.length === 0) return [];
  const suffix = 'after RegisterCustomMetadata';
  return [
    tokens,
    createClusterLayer('RegisterMetadata', scope, { name: `RegisterMetadata ${suffix}` }),
    createRefreshLayer(scope.nodes, { packageFiles: false, name: `RefreshConfiguration ${suffix}` }),
  ];
}
