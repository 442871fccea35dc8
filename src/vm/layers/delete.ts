import type { PlanStep, ServiceSpec } from '../../domain/index.ts';
import { listTasks } from '../../plan/index.ts';
import { createInstanceLayer, createVolumeLayer } from './cloud-layers.ts';
import { createClusterLayer, createFrontgateLayers } from './cluster-layers.ts';
import { createNodeLanes } from './node-lanes.ts';
import { createStopConfigurationLayer, createUnmountLayer } from './node-layers.ts';
import { holdsData, nodesInReach, type PlanScope } from './plan-scope.ts';
import { createServiceLayers } from './service-layers.ts';

/**
 * First the destroy service is run to ask whether the cluster may be deleted: on an active one, and, if it
 * was active once and has failed since, on the nodes that still run. A refused delete leaves it failed, so
 * the next one asks again. A cluster that was never complete has no data to ask for. Then every node's
 * volumes and instance are deleted, also those that were begun and never finished: no resource with a
 * token may be left.
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
      // A mounted volume cannot be detached from a running instance.
      mayRun(scope) ? [createInstanceLayer('StopInstances', scope, nodes, { failureAllowed: true })] : [],
      [createVolumeLayer('DetachVolumes', nodes)],
      [createInstanceLayer('DeleteInstances', scope, nodes), createVolumeLayer('DeleteVolumes', nodes)],
    ]),
    createClusterLayer('DeregisterMetadata', scope, {
      failureAllowed: true,
      // A cluster whose service has refused continues to exist, and others continue to find it.
      runs: mayRefuse ? 'in-order' : 'always',
    }),
    ...createFrontgateLayers('ReleaseFrontgate', scope),
  ];
}

/** Instances of a stopped cluster are stopped, those of a pending one were never created. */
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
