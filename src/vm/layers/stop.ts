import type { PlanStep } from '../../domain/index.ts';
import { createInstanceLayer, createVolumeLayer } from './cloud-layers.ts';
import { createClusterLayer, createFrontgateLayers } from './cluster-layers.ts';
import { createStopConfigurationLayer, createUnmountLayer } from './node-layers.ts';
import { nodesInReach, type PlanScope } from './plan-scope.ts';
import { createServiceLayers } from './service-layers.ts';

/**
 * Services stop as far as they can; then the instances, whatever the services said. A node that
 * was deleted has nothing left to stop.
 */
export function layersOfStop(scope: PlanScope): readonly PlanStep[] {
  const inReach = nodesInReach(scope);
  const nodes = scope.nodes.filter(({ node }) => node.status !== 'deleted');
  return [
    ...createServiceLayers('stop', inReach, { failureAllowed: () => true }),
    createStopConfigurationLayer(inReach),
    createUnmountLayer(inReach),
    createInstanceLayer('StopInstances', scope, nodes),
    createVolumeLayer('DetachVolumes', nodes),
    createClusterLayer('DeregisterMetadata', scope, { failureAllowed: true }),
    ...createFrontgateLayers('ReleaseFrontgate', scope),
  ];
}
