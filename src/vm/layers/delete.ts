import type { ServiceSpec, PlanStep } from '../../domain/index.ts';
import { createInstanceLayer, createVolumeLayer } from './cloud-layers.ts';
import { createClusterLayer, createFrontgateLayers } from './cluster-layers.ts';
import { createStopConfigurationLayer, createUnmountLayer } from './node-layers.ts';
import { holdsData, nodesInReach, type PlanScope } from './plan-scope.ts';
import { createServiceLayers } from './service-layers.ts';

/**
 * A cluster is first asked, through its destroy service, whether it may go: an active one, and one
 * that was active once and has failed since, on the nodes that still run. A refused delete leaves the
 * latter, so the next one asks again. One that never got whole holds nothing to ask for. Then every
 * node's volumes and instance are deleted, also those that were begun and never finished: nothing
 * that carries a token may be left.
 */
export function layersOfDelete(scope: PlanScope): readonly PlanStep[] {
  const { nodes } = scope;
  return [
    ...(holdsData(scope) ? layersOfLeaving(scope) : []),
    // A volume does not leave a running instance that has it mounted.
    ...(mayRun(scope) ? [createInstanceLayer('StopInstances', scope, nodes, { failureAllowed: true })] : []),
    createVolumeLayer('DetachVolumes', nodes),
    createInstanceLayer('DeleteInstances', scope, nodes),
    createVolumeLayer('DeleteVolumes', nodes),
    createClusterLayer('DeregisterMetadata', scope, { failureAllowed: true }),
    ...createFrontgateLayers('ReleaseFrontgate', scope),
  ];
}

/** Instances of a stopped cluster are stopped, of a pending one were never made. */
function mayRun(scope: PlanScope): boolean {
  return scope.cluster.status === 'active' || scope.cluster.status === 'failed';
}

/** destroy protects data: its refusal ends the job, unless the package lets the user force it. */
function layersOfLeaving(scope: PlanScope): readonly PlanStep[] {
  const nodes = nodesInReach(scope);
  const forced = (service: ServiceSpec): boolean => scope.options.force === true && service.allowForce;
  return [
    ...createServiceLayers('destroy', nodes, {
      where: (service) => !service.postStopService,
      failureAllowed: forced,
    }),
    ...createServiceLayers('stop', nodes, { failureAllowed: () => true }),
    ...createServiceLayers('destroy', nodes, {
      where: (service) => service.postStopService,
      failureAllowed: forced,
      suffix: 'after StopService',
    }),
    createStopConfigurationLayer(nodes),
    createUnmountLayer(nodes),
  ];
}
