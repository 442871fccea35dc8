import { createPackageError, createProblemReport } from '../../app-package/index.ts';
import { checkChartValues, isChart, readChart, validateChart } from '../../chart-package/index.ts';
import {
  WindlassError,
  type Endpoint,
  type Env,
  type ParsedCluster,
  type RoleSpec,
  type VolumeSpec,
} from '../../domain/index.ts';
import type { ClusterChange, ParseClusterConfRequest } from '../../provider/index.ts';
import type { KubeObject, Service, Workload } from './api/kube-types.ts';
import { toNumbers } from '../../helm-yaml/index.ts';
import { checkScaling } from './check-scaling.ts';
import { checkCounts } from './check-counts.ts';
import { renderChart, type RenderRequest } from './helm/render-chart.ts';
import type { FindHelm } from './helm/run-helm.ts';
import { nameOf } from './manifest.ts';
import { parseQuantity, toCpus, toGiB, toMiB } from './quantity.ts';
import { chooseReleaseName } from './release-name.ts';
import { readSettings } from './settings.ts';
import {
  listServices,
  listWorkloads,
  mainContainer,
  nameRoles,
  nameWorkload,
  replicasOf,
  selects,
} from './workloads.ts';

/**
 * Chart and values → the desired state of the cluster: its workloads as roles with one node for each pod,
 * its services as endpoints. Runs `helm template`, which contacts no server: charts that look up objects
 * of the server find none, and see the runtime's `kubeVersion`. The conf is complete; the result does not
 * contain it.
 *
 * @throws invalid-input `APP_INVALID`, `CONF_INVALID`, `CHART_RENDER`, `RELEASE_NAME`, `ROLE_UNKNOWN`,
 * `ROLE_COUNT`, `ROLE_NODES`, `ROLE_NOT_SCALABLE`; cancelled
 */
export async function parseChartConf(
  request: ParseClusterConfRequest,
  findHelm: FindHelm,
): Promise<ParsedCluster> {
  const { content, runtime, conf, clusterId, change } = request;
  if (!isChart(content.files)) throw notAChart();
  const { errors } = validateChart(content.files);
  if (errors.length > 0) throw createPackageError(errors);
  checkChartValues(content.files, conf);
  const chart = readChart(content.files, createProblemReport());
  const settings = readSettings(runtime.settings);
  const releaseName =
    change?.cluster.cluster.name ?? chooseReleaseName(request.name ?? '', chart.name, clusterId);
  const namespace = change?.cluster.cluster.subnetId ?? runtime.zone;
  const objects = await renderNumbers({
    program: await findHelm(),
    files: content.files,
    values: conf,
    releaseName,
    namespace,
    kubeVersion: settings.kubeVersion,
    signal: request.signal ?? new AbortController().signal,
  });
  const workloads = listWorkloads(objects);
  const names = nameRoles(workloads);
  checkRolesAreThere([...names.values()], change);
  checkScaling(workloads, names, change);
  checkCounts(workloads);
  const services = listServices(objects);
  return {
    place: { name: releaseName, subnetId: namespace, reservedIps: {} },
    cluster: {
      description: chart.description,
      env: {},
      endpoints: workloads.flatMap((workload) => toEndpoints(workload, names.get(workload) ?? '', services)),
      metadataRootAccess: false,
      advancedActions: [],
      upgradePolicy: [],
      healthCheck: null,
      monitor: null,
      displayTabs: null,
      backupPolicy: null,
      incrementalBackupSupported: false,
      upgradingPolicy: null,
      multiZonePolicy: null,
      advancedServices: [],
      addLinks: [],
      extra: { chart: chart.name, chartVersion: chart.version },
    },
    roles: workloads.map((workload) => toRole(workload, names.get(workload) ?? '')),
    links: {},
  };
}

/** Counts and ports are used in calculations; the server refuses numbers that are too large for that. */
async function renderNumbers(request: RenderRequest): Promise<readonly KubeObject[]> {
  return toNumbers(await renderChart(request)) as readonly KubeObject[];
}

function toRole(workload: Workload, role: string): RoleSpec {
  const container = mainContainer(workload);
  const requests = container?.resources?.requests;
  return {
    role,
    count: replicasOf(workload),
    container: { type: 'pod', image: container?.image ?? '', zone: '' },
    cpu: toCpus(requests?.['cpu']),
    memoryMiB: toMiB(requests?.['memory']),
    gpu: 0,
    gpuClass: 0,
    instanceClass: 0,
    volumes: toVolumes(workload),
    services: [],
    env: toPortEnv(workload),
    replica: 0,
    serverIdUpperBound: null,
    passphraseless: null,
    verticalScalingPolicy: 'sequential',
    userAccess: false,
    agentInstalled: false,
    customMetadata: null,
    healthCheck: null,
    monitor: null,
    advancedActions: [],
    loadBalancers: [],
    supportsBackup: false,
    extra: { ...nameWorkload(workload) },
  };
}

/** Claims of a StatefulSet's pods; a volume that all pods of a workload share is not a volume of a node. */
function toVolumes(workload: Workload): VolumeSpec[] {
  return (workload.spec?.volumeClaimTemplates ?? []).map((claim, index) => ({
    index,
    sizeGiB: toGiB(claim.spec?.resources?.requests?.['storage']),
    volumeClass: 0,
    mountPoint: claim.metadata?.name ?? '',
    mountOptions: '',
    filesystem: claim.spec?.storageClassName ?? '',
  }));
}

/** `port-<name>` of each port of a container: endpoints refer to these names. */
function toPortEnv(workload: Workload): Env {
  const ports = (workload.spec?.template?.spec?.containers ?? []).flatMap(
    (container) => container.ports ?? [],
  );
  return Object.fromEntries(
    ports.flatMap(({ name, containerPort }) =>
      containerPort === undefined ? [] : [[`port-${name ?? containerPort}`, containerPort]],
    ),
  );
}

/** The ports at which a workload's pods listen, of the services that send traffic to it. */
function toEndpoints(workload: Workload, role: string, services: readonly Service[]): Endpoint[] {
  const env = toPortEnv(workload);
  return services
    .filter((service) => selects(service, workload))
    .flatMap((service) =>
      (service.spec?.ports ?? []).flatMap((port) => {
        const target = port.targetPort ?? port.port;
        const key = Object.keys(env).find(
          (candidate) => candidate === `port-${target}` || env[candidate] === parseQuantity(target),
        );
        if (key === undefined) return [];
        const suffix = (service.spec?.ports ?? []).length > 1 ? `-${port.name ?? port.port ?? ''}` : '';
        const protocol = (port.protocol ?? 'TCP').toLowerCase();
        return [{ name: `${nameOf(service)}${suffix}`, port: `${role}.env.${key}`, protocol }];
      }),
    );
}

function checkRolesAreThere(roles: readonly string[], change: ClusterChange | undefined): void {
  if (change === undefined) return;
  const { role, sizes = [] } = change.options;
  const named = [...(role === undefined ? [] : [role]), ...sizes.map((size) => size.role)];
  const missing = named.find((name) => !roles.includes(name));
  if (missing === undefined) return;
  throw new WindlassError('invalid-input', `the cluster has no role ${JSON.stringify(missing)}`, {
    code: 'ROLE_UNKNOWN',
    field: 'role',
    hint: roles.length === 0 ? 'its chart creates no workload' : `it has: ${roles.join(', ')}`,
  });
}

function notAChart(): WindlassError {
  return new WindlassError('invalid-input', 'the package is not a Helm chart: it has no Chart.yaml', {
    code: 'APP_NOT_A_CHART',
    field: 'app',
    hint: 'Kubernetes runtimes run Helm charts; packages for virtual machines need a runtime of another provider',
  });
}
