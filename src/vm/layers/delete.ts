import type { PlanStep, ServiceSpec } from '../../domain/index.ts';
import { listTasks } from '../../plan/index.ts';
import { createInstanceLayer, createVolumeLayer } from './cloud-layers.ts';
import { createClusterLayer, createFrontgateLayers } from './cluster-layers.ts';
import { createNodeLanes } from './node-lanes.ts';
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
  const nodes = scope.all;
  const inReach = holdsData(scope) ? nodesInReach(scope) : [];
  const services = servicesOfLeaving(scope, inReach);
  const mayRefuse = listTasks(services).some(({ failureAllowed }) => !failureAllowed);
  return [
    ...services,
    createNodeLanes('delete nodes', nodes, [
      [createStopConfigurationLayer(inReach)],
      [createUnmountLayer(inReach)],
      // A volume does not leave a running instance that has it mounted.
      mayRun(scope) ? [createInstanceLayer('StopInstances', scope, nodes, { failureAllowed: true })] : [],
      [createVolumeLayer('DetachVolumes', nodes)],
      [createInstanceLayer('DeleteInstances', scope, nodes), createVolumeLayer('DeleteVolumes', nodes)],
    ]),
    createClusterLayer('DeregisterMetadata', scope, {
      failureAllowed: true,
      // A cluster whose service has refused lives on, and others go on finding it.
      runs: mayRefuse ? 'in-order' : 'always',
    }),
    ...createFrontgateLayers('ReleaseFrontgate', scope),
  ];
}

/** Instances of a stopped cluster are stopped, of a pending one were never made. */
function mayRun({ request }: PlanScope): boolean {
  const { status } = request.cluster.cluster;
  return status === 'active' || status === 'failed';
}

/** destroy protects data: its refusal ends the job, unless the package lets the user force it. */
function servicesOfLeaving(
  { request }: PlanScope,
  nodes: ReturnType<typeof nodesInReach>,
): readonly PlanStep[] {
  const forced = (service: ServiceSpec): boolean => request.job.options.force === true && service.allowForce;
  return [
    ...createServiceLayers('destroy', nodes, {
      where: (service) => !service.postStopService,
      failureAllowed: forced,
    }),
    ...createServiceLayers('stop', nodes, { failureAllowed: () => true }),
    ...createServiceLayers('destroy', nodes, {
      where: (service) => service.postStopService,
      failureAllowed: forced,
    }),
  ];
}
