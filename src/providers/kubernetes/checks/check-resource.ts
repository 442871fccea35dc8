import { isChart, openChartConf } from '../../../chart-package/index.ts';
import { resourceToken, WindlassError, type ClusterNode } from '../../../domain/index.ts';
import { toNumbers } from '../../../helm-yaml/index.ts';
import type { Call, CheckResourceRequest } from '../../../provider/index.ts';
import { resourcePath, STORAGE_CLASSES, type ApiResource, type ApiResources } from '../api/api-resources.ts';
import { createKubeClient, type KubeClient } from '../api/kube-client.ts';
import type { KubeList, KubeObject, PersistentVolumeClaim, Workload } from '../api/kube-types.ts';
import { readVersion, requireNamespace } from '../environment.ts';
import { listRevisions } from '../helm/release-record.ts';
import { renderChart } from '../helm/render-chart.ts';
import { describeObject, isHook, nameOf } from '../manifest.ts';
import { isForbidden } from '../observe/explain.ts';
import { RELEASE_KIND } from '../plan-chart-job.ts';
import { parseQuantity } from '../quantity.ts';
import { CLUSTER_LABEL, toLabelValue } from '../release-labels.ts';
import { checkReleaseName } from '../release-name.ts';
import type { KubernetesDependencies } from '../tasks/release-scope.ts';
import { listWorkloads, nameRoles, toOverrides } from '../workloads.ts';
import { discover } from './discovery.ts';
import { tryObject, tryPod, type DryRun } from './dry-run.ts';
import { createLooseCheck } from './crds-folder.ts';
import { checkPermissions } from './permissions.ts';
import { addAmounts, amountsOfPod, checkQuotas, type Amounts } from './quotas.ts';

/** Requests that are sent to the server at the same time. */
const PARALLEL = 8;

/**
 * Finds everything that can be known to be wrong before helm starts: the release's name, the namespace,
 * the server's version, kinds that the server lacks, rights, quotas, storage classes, and each object and
 * each kind of pod by a dry run on the server. Changes nothing.
 *
 * @throws permission, quota, conflict, invalid-input, not-found: the first part that is wrong, with every
 * fault of that part in `details`.
 */
export async function checkResource(
  dependencies: KubernetesDependencies,
  request: CheckResourceRequest,
  call: Call,
): Promise<void> {
  const { runtime, credential, cluster, action } = request;
  const client = createKubeClient(await dependencies.connect({ url: runtime.url, credential }), call);
  const { name, subnetId: namespace } = cluster.cluster;
  checkReleaseName(name);
  const [, taken, kubeVersion, { kinds, apiVersions }] = await askAtOnce([
    requireNamespace(client, namespace),
    findRelease(client, request),
    readVersion(client),
    discover(client),
  ]);
  const content = await request.loadPackage();
  if (!isChart(content.files)) {
    throw new WindlassError('invalid-input', 'the package is not a Helm chart', {
      code: 'APP_NOT_A_CHART',
      hint: 'Kubernetes runtimes run Helm charts',
    });
  }
  const objects = await renderChart({
    program: await dependencies.findHelm(),
    files: content.files,
    values: await openChartConf(cluster.cluster.conf, request.openSecret),
    releaseName: name,
    namespace,
    kubeVersion,
    apiVersions,
    overrides: toOverrides(cluster),
    signal: call.signal,
  });
  const found = await findKinds(kinds, objects);
  await askAtOnce([
    checkPermissions(client, namespace, [...new Set(found.map(({ resource }) => resource))]),
    checkStorageClasses(client, objects),
    checkQuotas(
      client,
      namespace,
      countAsked(request, toNumbers(objects) as typeof objects),
      request.reserved,
    ),
  ]);
  const run: DryRun = {
    client,
    namespace,
    releaseName: name,
    isNew: action === 'create' || !taken,
    isLooseDefinition: createLooseCheck(content.files),
  };
  await tryAll(run, found, objects);
}

/** Checks that do not depend on each other; if several fail, the first in this order is reported. */
async function askAtOnce<Answers extends readonly unknown[]>(questions: {
  readonly [Index in keyof Answers]: Promise<Answers[Index]>;
}): Promise<Answers> {
  await Promise.allSettled(questions);
  const answers: unknown[] = [];
  for (const question of questions) answers.push(await question);
  return answers as unknown as Answers;
}

/** Whether the release exists; a release that belongs to another owner is a conflict. */
async function findRelease(client: KubeClient, { cluster, action }: CheckResourceRequest): Promise<boolean> {
  const { name, subnetId: namespace, clusterId } = cluster.cluster;
  const [newest] = (await listRevisions(client, namespace, name)).slice(-1);
  if (newest === undefined) return false;
  if (newest.labels[CLUSTER_LABEL] === toLabelValue(clusterId)) return true;
  throw new WindlassError(
    'conflict',
    `there already is a release ${name} in namespace ${namespace}, and it does not belong to this cluster`,
    {
      code: 'RELEASE_TAKEN',
      field: 'name',
      hint: `choose another name for the cluster; ${action} does not touch releases of other owners (${resourceToken(clusterId, '', RELEASE_KIND, 1)})`,
    },
  );
}

interface FoundObject {
  readonly object: KubeObject;
  readonly resource: ApiResource;
}

/**
 * @throws invalid-input `KUBERNETES_KIND_UNKNOWN`, naming every kind that neither the server nor the chart
 * has.
 */
async function findKinds(
  kinds: ApiResources,
  objects: readonly KubeObject[],
): Promise<readonly FoundObject[]> {
  const ownKinds = new Set(objects.flatMap(kindsDefinedBy));
  const found: FoundObject[] = [];
  const missing = new Set<string>();
  for (const object of objects) {
    const resource = await kinds.find(object.apiVersion ?? '', object.kind ?? '');
    const key = `${object.apiVersion ?? ''} ${object.kind ?? ''}`;
    if (resource !== null) found.push({ object, resource });
    // Definitions that the chart itself brings exist by the time they are needed.
    else if (!ownKinds.has(key)) missing.add(key);
  }
  if (missing.size === 0) return found;
  throw new WindlassError('invalid-input', `the server does not have kind ${[...missing].join(', ')}`, {
    code: 'KUBERNETES_KIND_UNKNOWN',
    hint: 'install the CustomResourceDefinitions that the chart needs first',
    details: [...missing].map((message) => ({ message })),
  });
}

function kindsDefinedBy(object: KubeObject): readonly string[] {
  if (object.kind !== 'CustomResourceDefinition') return [];
  const spec = object['spec'] as
    | { group?: string; names?: { kind?: string }; versions?: readonly { name?: string }[] }
    | undefined;
  return (spec?.versions ?? []).map(
    ({ name }) => `${spec?.group ?? ''}/${name ?? ''} ${spec?.names?.kind ?? ''}`,
  );
}

/** @throws invalid-input `STORAGE_CLASS_UNKNOWN` */
async function checkStorageClasses(client: KubeClient, objects: readonly KubeObject[]): Promise<void> {
  const named = new Map<string, string>();
  for (const { claim, owner } of listClaims(objects)) {
    const name = claim.spec?.storageClassName ?? '';
    if (name !== '') named.set(name, describeObject(owner));
  }
  if (named.size === 0) return;
  const known = await listNames(client, STORAGE_CLASSES);
  const missing = known === null ? [] : [...named].filter(([name]) => !known.includes(name));
  const [first] = missing;
  if (first === undefined) return;
  throw new WindlassError(
    'invalid-input',
    `${first[1]} uses storage class ${first[0]}, which does not exist`,
    {
      code: 'STORAGE_CLASS_UNKNOWN',
      hint:
        known === null || known.length === 0 ? 'the server has none' : `available are: ${known.join(', ')}`,
      details: missing.map(([name, owner]) => ({ message: `${owner}: ${name}` })),
    },
  );
}

function listClaims(
  objects: readonly KubeObject[],
): readonly { readonly claim: PersistentVolumeClaim; readonly owner: KubeObject }[] {
  return objects.flatMap((object) => {
    if (object.kind === 'PersistentVolumeClaim')
      return [{ claim: object as PersistentVolumeClaim, owner: object }];
    if (object.kind !== 'StatefulSet') return [];
    return ((object as Workload).spec?.volumeClaimTemplates ?? []).map((claim) => ({ claim, owner: object }));
  });
}

/** Sorted; null if the credential may not list them. */
async function listNames(client: KubeClient, resource: ApiResource): Promise<readonly string[] | null> {
  try {
    const list = await client.send<KubeList>({
      method: 'GET',
      path: resourcePath(resource, ''),
      what: `list ${resource.plural}`,
    });
    return (list.items ?? []).map(nameOf).sort();
  } catch (error) {
    if (isForbidden(error)) return null;
    throw error;
  }
}

/**
 * What the job will add to what the namespace uses: pods that do not run now, and the growth of those that
 * do.
 */
function countAsked({ cluster, before }: CheckResourceRequest, objects: readonly KubeObject[]): Amounts {
  const workloads = listWorkloads(objects);
  const names = nameRoles(workloads);
  let asked: Amounts = {};
  for (const workload of workloads) {
    const role = names.get(workload) ?? '';
    const nodes = cluster.nodes.filter((node) => node.role === role);
    const starting = nodes.filter((node) => node.status !== 'active');
    const pod = amountsOfPod(workload.spec?.template?.spec);
    asked = addAmounts(asked, pod, starting.length);
    asked = addAmounts(
      asked,
      growthOf(role, cluster.roles, before?.roles ?? []),
      nodes.length - starting.length,
    );
    asked = addAmounts(asked, claimsOf(workload, starting));
  }
  return asked;
}

function claimsOf(workload: Workload, starting: readonly ClusterNode[]): Amounts {
  // A pod that is started again finds its volume where it was.
  const fresh = starting.filter((node) => node.status === 'pending').length;
  return (workload.spec?.volumeClaimTemplates ?? []).reduce<Amounts>((sum, claim) => {
    const size = parseQuantity(claim.spec?.resources?.requests?.['storage']);
    return addAmounts(sum, { persistentvolumeclaims: 1, 'requests.storage': size }, fresh);
  }, {});
}

type Sized = readonly { readonly role: string; readonly cpu: number; readonly memoryMiB: number }[];

function growthOf(role: string, wanted: Sized, before: Sized): Amounts {
  const now = wanted.find((candidate) => candidate.role === role);
  const then = before.find((candidate) => candidate.role === role);
  if (now === undefined || then === undefined) return {};
  return {
    'requests.cpu': now.cpu - then.cpu,
    'requests.memory': (now.memoryMiB - then.memoryMiB) * 2 ** 20,
  };
}

/** Checks every object and every kind of pod, several at a time; the error names all that are refused. */
async function tryAll(
  run: DryRun,
  found: readonly FoundObject[],
  objects: readonly KubeObject[],
): Promise<void> {
  const ownNamespaces = new Set(objects.filter((object) => object.kind === 'Namespace').map(nameOf));
  const isPlaced = (object: KubeObject): boolean =>
    !ownNamespaces.has(object.metadata?.namespace ?? run.namespace);
  const attempts: (() => Promise<void>)[] = [
    ...found
      .filter(({ object, resource }) => !isHook(object) && (!resource.namespaced || isPlaced(object)))
      .map(
        ({ object, resource }) =>
          () =>
            tryObject(run, resource, object),
      ),
    ...listWorkloads(objects)
      .filter((workload) => isPlaced(workload) && (workload.spec?.replicas ?? 1) > 0)
      .map((workload) => () => tryPod(run, workload)),
  ];
  const faults: WindlassError[] = [];
  const next = async (): Promise<void> => {
    for (let attempt = attempts.shift(); attempt !== undefined; attempt = attempts.shift()) {
      try {
        await attempt();
      } catch (error) {
        if (!WindlassError.isInstance(error) || !isFinal(error)) throw error;
        faults.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, next));
  const [first] = faults;
  if (first === undefined) return;
  if (faults.length === 1) throw first;
  throw new WindlassError(first.kind, `${first.message} (and ${faults.length - 1} more)`, {
    code: first.code,
    ...(first.hint === undefined ? {} : { hint: first.hint }),
    details: faults.map(({ message }) => ({ message })),
  });
}

/** Whether the error is about the object itself; all other errors are about the connection to the server. */
function isFinal({ kind }: WindlassError): boolean {
  return ['invalid-input', 'not-found', 'conflict', 'quota', 'permission'].includes(kind);
}
