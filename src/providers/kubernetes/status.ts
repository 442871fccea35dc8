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
  resourcePath,
  STATEFUL_SETS,
  type ApiResource,
} from './api/api-resources.ts';
import { createKubeClient, type KubeClient } from './api/kube-client.ts';
import type { KubeObject, Pod, Workload } from './api/kube-types.ts';
import { listRevisions } from './helm/release-record.ts';
import { nameOf } from './manifest.ts';
import { listPods } from './observe/explain.ts';
import { explainPod } from './observe/explain-pod.ts';
import { RELEASE_KIND } from './plan-chart-job.ts';
import type { KubernetesDependencies } from './tasks/release-scope.ts';
import { isOurs } from './tasks/release-scope.ts';
import { readObjects } from './helm/release-objects.ts';
import {
  listIngressFacts,
  listServiceFacts,
  listWarningFacts,
  toPodFacts,
  toWorkloadFacts,
  type Found,
  type FoundWorkload,
} from './status-facts.ts';
import { readWorkloadName } from './workloads.ts';

const RESOURCES: Readonly<Record<string, ApiResource>> = {
  Deployment: DEPLOYMENTS,
  StatefulSet: STATEFUL_SETS,
  DaemonSet: DAEMON_SETS,
};

/** The server's state of every pod: the nodes of the cluster. */
export async function updateClusterStatus(
  dependencies: KubernetesDependencies,
  request: ClusterStatusRequest,
  call: Call,
): Promise<ClusterStatusReport> {
  const found = await look(dependencies, request, call);
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
  dependencies: KubernetesDependencies,
  request: ClusterStatusRequest,
  call: Call,
): Promise<ClusterDetails> {
  const found = await look(dependencies, request, call);
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

async function look(
  dependencies: KubernetesDependencies,
  request: ClusterStatusRequest,
  call: Call,
): Promise<Found> {
  const { runtime, credential, cluster, resources } = request;
  const client = createKubeClient(await dependencies.connect({ url: runtime.url, credential }), call);
  const namespace = cluster.cluster.subnetId;
  const row = resources.find(({ kind, nodeId }) => kind === RELEASE_KIND && nodeId === '');
  const revisions = await listRevisions(client, namespace, cluster.cluster.name);
  const revision = row === undefined ? undefined : revisions.findLast((one) => isOurs(one, row));
  const objects = revision === undefined ? [] : await readObjects(revision);
  const workloads = await Promise.all(
    cluster.roles.flatMap((role) => {
      const workload = readWorkloadName(role);
      return workload === null || revision === undefined
        ? []
        : [lookAtRole(client, namespace, role.role, workload, objects)];
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

/** Pods that live come first, then by name: those of a StatefulSet in the order of their numbers. */
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

/** The pod of a node: for a StatefulSet the one with its number, otherwise the one at its position. */
function findPod({ workloads }: Found, node: ClusterNode): Pod | null {
  const workload = workloads.find(({ role }) => role === node.role);
  if (workload === undefined) return null;
  const { live, pods } = workload;
  if (live?.kind === 'StatefulSet') {
    return pods.find((pod) => nameOf(pod) === `${nameOf(live)}-${node.serverId - 1}`) ?? null;
  }
  // A node keeps its pod as long as that pod lives.
  const own = pods.find((pod) => nameOf(pod) === node.instanceId);
  return own ?? pods[node.serverId - 1] ?? null;
}

function statusOf(found: Found, node: ClusterNode, pod: Pod | null): NodeStatus {
  const workload = found.workloads.find(({ role }) => role === node.role);
  const wasMade = node.instanceId !== '' || node.status === 'active' || node.status === 'stopped';
  if (found.revision === undefined) {
    // Without a row the cluster was never begun, or a delete has proved that it is gone.
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
