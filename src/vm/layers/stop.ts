import type { PlanStep } from '../../domain/index.ts';
import { createInstanceLayer, createVolumeLayer } from './cloud-layers.ts';
import { createClusterLayer, createFrontgateLayers } from './cluster-layers.ts';
import { createNodeLanes } from './node-lanes.ts';
import { createStopConfigurationLayer, createUnmountLayer } from './node-layers.ts';
import { nodesInReach, type PlanScope } from './plan-scope.ts';
import { createServiceLayers } from './service-layers.ts';

/**
 * Services stop as far as they can; then the instances, whatever the services reported. A deleted node has
 * nothing to stop. Other clusters must not find this one from its first stopping service on, so the
 * metadata is removed also if the job fails; a start registers it again.
 */
export function layersOfStop(scope: PlanScope): readonly PlanStep[] {
  const inReach = nodesInReach(scope);
  const nodes = scope.all.filter(({ node }) => node.status !== 'deleted');
  return [
    ...createServiceLayers('stop', inReach, { failureAllowed: () => true }),
    createNodeLanes('stop nodes', nodes, [
      [createStopConfigurationLayer(inReach)],
      [createUnmountLayer(inReach)],
      [createInstanceLayer('StopInstances', scope, nodes)],
      [createVolumeLayer('DetachVolumes', nodes)],
    ]),
    createClusterLayer('DeregisterMetadata', scope, { failureAllowed: true, runs: 'always' }),
    ...createFrontgateLayers('ReleaseFrontgate', scope),
  ];
}
