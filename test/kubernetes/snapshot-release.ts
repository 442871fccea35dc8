import type { ApiClient, KubernetesObject } from '../kit/kubernetes/index.ts';

/** What the API server has of one namespace, without the names that differ from run to run. */
export interface ReleaseSnapshot {
  /** `<release> v<revision> <status>` of each record of helm's that is not superseded. */
  readonly releases: readonly string[];
  /** `<kind> <name>` of everything that was created there. */
  readonly objects: readonly string[];
  /** The number of pods that are not being deleted. */
  readonly pods: number;
  readonly readyPods: number;
}

/** Kinds that a chart makes, and what Kubernetes makes of them for good. */
const KINDS: readonly (readonly [kind: string, group: string])[] = [
  ['configmaps', 'api/v1'],
  ['secrets', 'api/v1'],
  ['services', 'api/v1'],
  ['persistentvolumeclaims', 'api/v1'],
  ['deployments', 'apis/apps/v1'],
  ['statefulsets', 'apis/apps/v1'],
  ['daemonsets', 'apis/apps/v1'],
  ['jobs', 'apis/batch/v1'],
  ['ingresses', 'apis/networking.k8s.io/v1'],
];

/** Asks the API server alone: neither helm nor our database. */
export async function snapshotNamespace(api: ApiClient, namespace: string): Promise<ReleaseSnapshot> {
  const lists = await Promise.all(
    KINDS.map(async ([kind, group]) =>
      (await api.list(`/${group}/namespaces/${namespace}/${kind}`)).map((object) => ({ kind, object })),
    ),
  );
  const found = lists.flat().filter(({ object }) => object.metadata.name !== 'kube-root-ca.crt');
  const pods = (await api.list(`/api/v1/namespaces/${namespace}/pods`)).filter(
    ({ metadata }) => metadata.deletionTimestamp === undefined,
  );
  return {
    releases: found.flatMap(({ kind, object }) => describeRecord(kind, object)).sort(),
    objects: found
      .filter(({ kind, object }) => describeRecord(kind, object).length === 0 && !isHelmRecord(object))
      .map(({ kind, object }) => `${kind} ${object.metadata.name}`)
      .sort(),
    pods: pods.length,
    readyPods: pods.filter(isReady).length,
  };
}

export const NOTHING: ReleaseSnapshot = { releases: [], objects: [], pods: 0, readyPods: 0 };

/** Images that the pods of a namespace run, each once. */
export async function listImages(api: ApiClient, namespace: string): Promise<readonly string[]> {
  const pods = await api.list(`/api/v1/namespaces/${namespace}/pods`);
  const images = pods.flatMap(({ spec }) =>
    ((spec?.['containers'] ?? []) as { image: string }[]).map(({ image }) => image),
  );
  return [...new Set(images)].sort();
}

function isHelmRecord({ metadata }: KubernetesObject): boolean {
  return metadata.labels?.['owner'] === 'helm';
}

function describeRecord(kind: string, object: KubernetesObject): readonly string[] {
  if (kind !== 'secrets' || !isHelmRecord(object)) return [];
  const { name, version, status } = object.metadata.labels ?? {};
  return status === 'superseded' ? [] : [`${name} v${version} ${status}`];
}

function isReady({ status }: KubernetesObject): boolean {
  const conditions = (status?.['conditions'] ?? []) as readonly { type: string; status: string }[];
  return conditions.some((condition) => condition.type === 'Ready' && condition.status === 'True');
}
