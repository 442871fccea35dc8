import type { TaskLayer } from '../../domain/index.ts';
import { createInstanceLayer, createVolumeLayer } from './cloud-layers.ts';
import { createClusterLayer, createFrontgateLayers } from './cluster-layers.ts';
import { createMountLayer, createPrepareLayer, createRefreshLayer } from './node-layers.ts';
import type { PlanScope } from './plan-scope.ts';
import { createServiceLayers } from './service-layers.ts';

/**
 * Volumes and instances come back, the nodes learn each other's addresses anew, services start.
 * Mounts are made sure of before any service writes; a volume that holds no filesystem here has
 * lost its data, so it fails instead of being formatted.
 */
export function layersOfStart(scope: PlanScope): readonly TaskLayer[] {
  const nodes = scope.nodes.filter(({ node }) => node.status !== 'deleted');
  return [
    ...createFrontgateLayers('AcquireFrontgate', scope),
    createVolumeLayer('AttachVolumes', nodes),
    createInstanceLayer('StartInstances', scope, nodes),
    ...(scope.capabilities.nodeAccess === 'frontgate'
      ? [createClusterLayer('FrontgateAvailable', scope)]
      : []),
    createPrepareLayer(nodes),
    createMountLayer(nodes, { format: false }),
    createClusterLayer('RegisterMetadata', scope),
    createRefreshLayer(nodes, { packageFiles: true }),
    ...createServiceLayers('start', nodes),
  ];
}
