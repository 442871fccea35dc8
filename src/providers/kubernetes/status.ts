import type { ClusterNode, NodeStatus } from '../../domain/index.ts';
import { compareText } from '../../plan/index.ts';
import type {
  Call,
  ClusterDetails,
  ClusterStatusReport,
  ClusterStatusRequest,
} from '../../provider/index.ts';
import {
  DAEMON_SETS,
  DEPLOYMENTS,
  ENDPOINT_SLICES,
  INGRESSES,
  resourcePath,
  SERVICES,
  STATEFUL_SETS,
  type ApiResource,
} from './api/api-resources.ts';
import { createKubeClient, refuseWhenCancelled, type KubeClient } from './api/kube-client.ts';
import type { KubeList, KubeObject, Pod, Service, Workload } from './api/kube-types.ts';
import { listRevisions, type ReleaseRevision } from './helm/release-record.ts';
import { describeObject, nameOf } from './manifest.ts';
import { isForbidden, listEvents, listPods } from './observe/explain.ts';
import { explainPod } from './observe/explain-pod.ts';
import { judgeObject } from './observe/readiness.ts';
import { RELEASE_KIND } from './plan-chart-job.ts';
import type { KubernetesWorld } from './tasks/release-scope.ts';
import { isOurs } from './tasks/release-scope.ts';
import { readObjects } from './helm/release-objects.ts';
import { readRoleMemory } from './workloads.ts';

/** What the server says of a cluster now. */
interface Found {
  readonly client: KubeClient;
  readonly namespace: string;
  /** Whether the ledger has a row of it that is not gone. */
  readonly begun: boolean;
  /** It was there once. */
  readonly made: boolean;
  /** A delete is at work, or was. */
  readonly leaving: boolean;
  /** Ours; undefined where there is none. */
  readonly revision: ReleaseRevision | undefined;
  readonly objects: readonly KubeObject[];
  readonly workloads: readonly FoundWorkload[];
}

interface FoundWorkload {
  readonly role: string;
  readonly live: Workload | null;
  readonly pods: readonly Pod[];
}

const RESOURCES: Readonly<Record<string, ApiResource>> = {
  Deployment: DEPLOYMENTS,
  StatefulSet: STATEFUL_SETS,
  DaemonSet: DAEMON_SETS,
};

/** What the server says of every pod: the nodes of the cluster. */
export async function updateClusterStatus(
  world: KubernetesWorld,
  request: ClusterStatusRequest,
  call: Call,
): Promise<ClusterStatusReport> {
  const found = await look(world, request, call);
  return {
    nodes: request.cluster.nodes.map((node) => {
      const pod = findPod(found, node);
      const status = statusOf(found, node, pod);
      const volumes = pod === null ? {} : { instanceId: nameOf(pod), privateIp: pod.status?.podIP ?? '' };
      return {
        nodeId: node.nodeId,
        status,
        change: pod === null ? { instanceId: '', privateIp: '' } : volumes,
      };
    }),
  };
}

/** More for display: pods with their reasons, workloads, services, ingresses, endpoints, warnings. */
export async function describeClusterDetails(
  world: KubernetesWorld,
  request: ClusterStatusRequest,
  call: Call,
): Promise<ClusterDetails> {
  const found = await look(world, request, call);
  const nodes = request.cluster.nodes.map((node) => {
    const pod = findPod(found, node);
    const reason = pod === null ? null : explainPod(pod);
    return {
      nodeId: node.nodeId,
      state: pod === null ? statusOf(found, node, pod) : (reason?.reason ?? pod.status?.phase ?? 'Unknown'),
      facts: pod === null ? {} : toPodFacts(pod, reason?.words ?? null),
    };
  });
  const { revision } = found;
  return {
    nodes,
    facts: {
      release: request.cluster.cluster.name,
      namespace: found.namespace,
      revision: revision === undefined ? 'none' : String(revision.revision),
      status: revision?.status ?? 'not installed',
      ...toWorkloadFacts(found),
      ...(await listServiceFacts(found)),
      ...(await listIngressFacts(found)),
      ...(await listWarningFacts(found)),
    },
  };
}

async function look(world: KubernetesWorld, request: ClusterStatusRequest, call: Call): Promise<Found> {
  refuseWhenCancelled(call.signal);
  const { runtime, credential, cluster, resources } = request;
  const client = createKubeClient(await world.connect({ url: runtime.url, credential }), call);
  const namespace = cluster.cluster.subnetId;
  const row = resources.find(({ kind, nodeId }) => kind === RELEASE_KIND && nodeId === '');
  const revisions = await listRevisions(client, namespace, cluster.cluster.name);
  const revision = row === undefined ? undefined : revisions.findLast((one) => isOurs(one, row));
  const objects = revision === undefined ? [] : await readObjects(revision);
  const workloads = await Promise.all(
    cluster.roles.flatMap((role) => {
      const memory = readRoleMemory(role);
      return memory === null || revision === undefined
        ? []
        : [lookAtRole(client, namespace, role.role, memory, objects)];
    }),
  );
  const { status, transitionStatus } = cluster.cluster;
  const leaving = transitionStatus === 'deleting' || status === 'deleted';
  return {
    client,
    namespace,
    begun: row !== undefined,
    made: row?.state === 'made',
    leaving,
    revision,
    objects,
    workloads,
  };
}

async function lookAtRole(
  client: KubeClient,
  defaultNamespace: string,
  role: string,
  { kind, name }: { readonly kind: string; readonly name: string },
  objects: readonly KubeObject[],
): Promise<FoundWorkload> {
  const rendered = objects.find((object) => object.kind === kind && nameOf(object) === name);
  const namespace = rendered?.metadata?.namespace ?? defaultNamespace;
  const resource = RESOURCES[kind] ?? DEPLOYMENTS;
  const live = await client.find<Workload>({ method: 'GET', path: resourcePath(resource, namespace, name) });
  if (live === null) return { role, live, pods: [] };
  return { role, live: { ...live, kind }, pods: sortPods(await listPods(client, live, namespace)) };
}

/** Those that live first, then by name: a StatefulSet's in the order of their numbers. */
function sortPods(pods: readonly Pod[]): readonly Pod[] {
  return [...pods].sort(
    (left, right) => rank(left) - rank(right) || compareText(nameOf(left), nameOf(right)),
  );
}

function rank(pod: Pod): number {
  if (pod.metadata?.deletionTimestamp !== undefined) return 3;
  return pod.status?.phase === 'Failed' || pod.status?.phase === 'Succeeded'
    ? 2
    : explainPod(pod) === null
      ? 0
      : 1;
}

/** The pod that is a node: of a StatefulSet the one of its number, else the one of its place. */
function findPod({ workloads }: Found, node: ClusterNode): Pod | null {
  const workload = workloads.find(({ role }) => role === node.role);
  if (workload === undefined) return null;
  const { live, pods } = workload;
  if (live?.kind === 'StatefulSet') {
    return pods.find((pod) => nameOf(pod) === `${nameOf(live)}-${node.serverId - 1}`) ?? null;
  }
  // The node keeps the pod that it had as long as that lives.
  const own = pods.find((pod) => nameOf(pod) === node.instanceId);
  return own ?? pods[node.serverId - 1] ?? null;
}

function statusOf(found: Found, node: ClusterNode, pod: Pod | null): NodeStatus {
  const workload = found.workloads.find(({ role }) => role === node.role);
  const wasMade = node.instanceId !== '' || node.status === 'active' || node.status === 'stopped';
  if (found.revision === undefined) {
    // Without a row it was never begun, or a delete has proved it gone.
    if (!found.begun) return found.leaving || wasMade || node.status === 'deleted' ? 'deleted' : 'pending';
    return found.made || wasMade ? 'lost' : 'pending';
  }
  if (pod !== null) {
    const reason = explainPod(pod);
    if (reason === null) return 'active';
    return reason.severity === 'waiting' ? 'pending' : 'failed';
  }
  const { live } = workload ?? { live: null };
  if (live === null) return wasMade ? 'lost' : 'pending';
  return live.spec?.replicas === 0 || (live.kind === 'DaemonSet' && live.status?.desiredNumberScheduled === 0)
    ? 'stopped'
    : 'pending';
}

function toPodFacts(pod: Pod, reason: string | null): Readonly<Record<string, string>> {
  const restarts = (pod.status?.containerStatuses ?? []).reduce(
    (sum, one) => sum + (one.restartCount ?? 0),
    0,
  );
  return {
    pod: nameOf(pod),
    phase: pod.status?.phase ?? 'Unknown',
    node: pod.spec?.nodeName ?? '',
    address: pod.status?.podIP ?? '',
    restarts: String(restarts),
    ...(reason === null ? {} : { reason }),
  };
}

function toWorkloadFacts({ workloads }: Found): Readonly<Record<string, string>> {
  return Object.fromEntries(
    workloads.map(({ role, live }) => [
      `workload ${role}`,
      live === null ? 'is not there' : `${live.kind ?? ''}: ${judgeObject(live).seen}`,
    ]),
  );
}

async function listServiceFacts(found: Found): Promise<Readonly<Record<string, string>>> {
  const services = await readAll<Service>(found, SERVICES, 'Service');
  const entries = await Promise.all(
    services.map(async (service) => {
      const ports = (service.spec?.ports ?? []).map(
        ({ port, protocol = 'TCP' }) => `${port ?? ''}/${protocol}`,
      );
      const external = (service.status?.loadBalancer?.ingress ?? []).map(
        ({ ip, hostname }) => ip ?? hostname ?? '',
      );
      const addresses = await listEndpointAddresses(found, nameOf(service));
      const parts = [
        `${service.spec?.type ?? 'ClusterIP'} ${service.spec?.clusterIP ?? ''} ${ports.join(', ')}`,
        external.length === 0 ? '' : `reached at ${external.join(', ')}`,
        addresses.length === 0 ? 'no endpoints' : `endpoints ${addresses.join(', ')}`,
      ];
      return [`service ${nameOf(service)}`, parts.filter((part) => part !== '').join('; ')] as const;
    }),
  );
  return Object.fromEntries(entries);
}

interface EndpointSlice extends KubeObject {
  readonly endpoints?: readonly {
    readonly addresses?: readonly string[];
    readonly conditions?: { readonly ready?: boolean };
  }[];
}

async function listEndpointAddresses(
  { client, namespace }: Found,
  service: string,
): Promise<readonly string[]> {
  try {
    const list = await client.send<KubeList<EndpointSlice>>({
      method: 'GET',
      path: resourcePath(ENDPOINT_SLICES, namespace),
      query: { labelSelector: `kubernetes.io/service-name=${service}` },
      what: 'list endpointslices',
    });
    return (list.items ?? [])
      .flatMap((slice) => slice.endpoints ?? [])
      .filter(({ conditions }) => conditions?.ready !== false)
      .flatMap(({ addresses = [] }) => addresses)
      .sort(compareText);
  } catch (error) {
    if (isForbidden(error)) return [];
    throw error;
  }
}

interface Ingress extends KubeObject {
  readonly spec?: { readonly rules?: readonly { readonly host?: string }[] };
  readonly status?: Service['status'];
}

async function listIngressFacts(found: Found): Promise<Readonly<Record<string, string>>> {
  const ingresses = await readAll<Ingress>(found, INGRESSES, 'Ingress');
  return Object.fromEntries(
    ingresses.map((ingress) => {
      const hosts = (ingress.spec?.rules ?? []).map(({ host = '*' }) => host).join(', ');
      const at = (ingress.status?.loadBalancer?.ingress ?? []).map(
        ({ ip, hostname }) => ip ?? hostname ?? '',
      );
      return [
        `ingress ${nameOf(ingress)}`,
        `${hosts}${at.length === 0 ? '; no address yet' : `; at ${at.join(', ')}`}`,
      ];
    }),
  );
}

/** Live objects of a kind that the release holds; those that may not be read are left out. */
async function readAll<T extends KubeObject>(
  { client, namespace, objects }: Found,
  resource: ApiResource,
  kind: string,
): Promise<readonly T[]> {
  const live = await Promise.all(
    objects
      .filter((object) => object.kind === kind)
      .map(async (object) => {
        const place = object.metadata?.namespace ?? namespace;
        try {
          return await client.find<T>({ method: 'GET', path: resourcePath(resource, place, nameOf(object)) });
        } catch (error) {
          if (isForbidden(error)) return null;
          throw error;
        }
      }),
  );
  return live.filter((object) => object !== null);
}

const MAX_WARNINGS = 5;

/** The newest warnings about what is not ready. */
async function listWarningFacts(found: Found): Promise<Readonly<Record<string, string>>> {
  // Of what is ready now an old warning explains nothing.
  const own = new Set(
    found.workloads.flatMap(({ live, pods }) => {
      if (live === null || judgeObject(live).state === 'ready') return [];
      return [nameOf(live), ...pods.map(nameOf)];
    }),
  );
  if (own.size === 0) return {};
  const events = await listEvents(found.client, found.namespace, 'type=Warning');
  const ours = events.filter((event) => {
    const { name = '' } = (event['involvedObject'] ?? {}) as { name?: string };
    // ReplicaSets and claims are named after their workload.
    return own.has(name) || [...own].some((one) => name.startsWith(`${one}-`));
  });
  return Object.fromEntries(
    ours.slice(-MAX_WARNINGS).map((event, index) => {
      const about = (event['involvedObject'] ?? {}) as { kind?: string; name?: string };
      const subject = describeObject({ kind: about.kind ?? '', metadata: { name: about.name ?? '' } });
      return [
        `warning ${index + 1}`,
        `${subject}: ${event.reason ?? ''}: ${(event.message ?? '').slice(0, 300)}`,
      ];
    }),
  );
}
