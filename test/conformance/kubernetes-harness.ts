import { fileURLToPath } from 'node:url';
import type { ConformanceHarness, CloudResource } from '../../src/conformance/index.ts';
import { readPackage } from '../../src/app-package/index.ts';
import type { TaskContext } from '../../src/provider/index.ts';
import { createKubernetesProvider } from '../../src/providers/kubernetes/index.ts';
import { findTestHelm } from '../kit/find-helm.ts';
import type { ApiClient, ControlPlane, KubernetesObject } from '../kit/kubernetes/index.ts';

const CHART = fileURLToPath(new URL('../fixtures/charts/shop', import.meta.url));
const PASSWORD = 'planted-kubernetes-password-41';
const BAD_TOKEN = 'planted-bad-token-73';

/** What a release has nothing of, or what is tried elsewhere. */
export const KUBERNETES_WITHOUT = {
  countRequests: 'helm says how many requests it sends at most, and sends fewer',
  holdAnswers: 'helm is a process that is ended, which test/providers tries',
  disturb: 'each request of a release meets each fault in test/kubernetes',
  fillFirstPlacement: 'Kubernetes chooses the place',
  lastingFence:
    'nothing is left of a release that was purged, and a worker frozen since then installs it again',
};

/** The kubernetes provider with a namespace of its own on a real control plane. */
export async function createKubernetesHarness(
  plane: ControlPlane,
  change: (harness: ConformanceHarness) => ConformanceHarness = (harness) => harness,
): Promise<ConformanceHarness> {
  const namespace = await plane.createNamespace();
  const provider = createKubernetesProvider({
    findHelm: () => findTestHelm(),
  });
  const runtime = {
    runtimeId: 'rt-kubernetes',
    name: 'kubernetes',
    provider: 'kubernetes',
    url: '',
    zone: namespace,
    settings: { patienceSeconds: '3' },
    account: 'admin',
    region: 'testbed',
    createdAt: '2026-01-01T00:00:00Z',
  };
  const { api } = plane;
  return change({
    provider,
    runtime,
    credential: { document: plane.kubeconfig() },
    badCredential: {
      credential: { document: plane.kubeconfig().replace(plane.tokens.admin, BAD_TOKEN) },
      kind: 'permission',
    },
    content: { versionId: 'appv-conformance', files: await readPackage(CHART) },
    // Few pods: what is tried here is what happens once.
    conf: {
      db: { password: PASSWORD },
      web: { replicas: 1 },
      agent: false,
      note: 'before',
    },
    changed: {
      conf: {
        db: { password: PASSWORD },
        web: { replicas: 1 },
        agent: false,
        note: 'after',
      },
      versionBefore: 'before',
      versionAfter: 'after',
    },
    nodesReachable: false,
    vpcId: 'kubernetes',
    cloud: {
      list: () => listReleases(api, namespace),
      destroyInstance: (id) => destroyRelease(api, id),
    },
    logs: () => '',
    plantedSecrets: [plane.tokens.admin, BAD_TOKEN, PASSWORD],
    async makeQuotaTight() {
      await api.create(`/api/v1/namespaces/${namespace}/resourcequotas`, {
        metadata: { name: 'tight' },
        spec: { hard: { pods: '0' } },
      });
      return runtime;
    },
    async dispose() {
      for (const { id } of await listReleases(api, namespace)) await destroyRelease(api, id);
    },
  });
}

/** What helm's records and the objects themselves say, read by plain HTTPS. */
async function listReleases(api: ApiClient, namespace: string): Promise<readonly CloudResource[]> {
  const records = await api.list(`/api/v1/namespaces/${namespace}/secrets?labelSelector=owner%3Dhelm`);
  const newest = new Map<string, KubernetesObject>();
  for (const record of records) {
    const name = record.metadata.labels?.['name'] ?? '';
    const known = newest.get(name);
    if (known === undefined || revisionOf(known) < revisionOf(record)) newest.set(name, record);
  }
  const deployments = await api.list(`/apis/apps/v1/namespaces/${namespace}/deployments`);
  const sets = await api.list(`/apis/apps/v1/namespaces/${namespace}/statefulsets`);
  const claims = await api.list(`/api/v1/namespaces/${namespace}/persistentvolumeclaims`);
  // What a workload reports of its pods comes later than they go.
  const pods = (await api.list(`/api/v1/namespaces/${namespace}/pods`)).filter((pod) =>
    pod.metadata.ownerReferences?.some(({ kind }) => kind === 'ReplicaSet' || kind === 'StatefulSet'),
  );
  return [...newest].map(([name, record]): CloudResource => {
    const own = [...deployments, ...sets].filter((object) => object.metadata.name.startsWith(`${name}-`));
    const left = [...own, ...claims.filter((claim) => claim.metadata.name.includes(name))];
    const version = own.map(noteOf).find((note) => note !== undefined);
    return {
      kind: 'release',
      id: `${namespace}/${name}`,
      token: (record.metadata.labels?.['windlass.token'] ?? '').replaceAll('.', '/'),
      state: stateOf(record.metadata.labels?.['status'] ?? '', own, {
        left: left.length,
        pods: pods.filter((pod) => pod.metadata.name.startsWith(`${name}-`)).length,
      }),
      ...(version === undefined ? {} : { version }),
    };
  });
}

function revisionOf(record: KubernetesObject): number {
  return Number(record.metadata.labels?.['version'] ?? 0);
}

function noteOf(object: KubernetesObject): string | undefined {
  const template = object.spec?.['template'] as
    | { metadata?: { annotations?: Record<string, string> } }
    | undefined;
  return template?.metadata?.annotations?.['note'];
}

function stateOf(
  status: string,
  workloads: readonly KubernetesObject[],
  { left, pods }: { readonly left: number; readonly pods: number },
): CloudResource['state'] {
  if (status === 'uninstalled') return left === 0 ? 'recorded' : 'changing';
  if (status !== 'deployed') return 'changing';
  const counts = workloads.map((workload) => ({
    wanted: Number(workload.spec?.['replicas'] ?? 0),
    ready: Number(workload.status?.['readyReplicas'] ?? 0),
  }));
  if (pods === 0 && counts.every(({ wanted }) => wanted === 0)) return 'stopped';
  return counts.every(({ wanted, ready }) => wanted > 0 && ready === wanted) ? 'running' : 'changing';
}

/** As a person with kubectl would: the record and everything of it. */
async function destroyRelease(api: ApiClient, id: string): Promise<void> {
  const [namespace = '', name = ''] = id.split('/');
  for (const path of [
    `/apis/apps/v1/namespaces/${namespace}/deployments`,
    `/apis/apps/v1/namespaces/${namespace}/statefulsets`,
    `/apis/batch/v1/namespaces/${namespace}/jobs`,
    `/api/v1/namespaces/${namespace}/services`,
    `/api/v1/namespaces/${namespace}/persistentvolumeclaims`,
    `/api/v1/namespaces/${namespace}/secrets`,
  ]) {
    for (const object of await api.list(path)) {
      if (object.metadata.name.includes(name)) await api.delete(`${path}/${object.metadata.name}`);
    }
  }
}

/** A provider that sees no label of any release: it does not know its own. */
export function forgetReleases(harness: ConformanceHarness): ConformanceHarness {
  const { provider } = harness;
  const forget = <T extends { readonly resources: TaskContext['resources'] }>(context: T): T => ({
    ...context,
    resources: Object.fromEntries(
      Object.entries(context.resources).map(([kind, row]) => [
        kind,
        { ...row, token: `forgotten/${row.token}` },
      ]),
    ),
  });
  return {
    ...harness,
    provider: {
      ...provider,
      handleSubtask: async (context, call) => {
        const result = await provider.handleSubtask(
          // Only what is there already is not known again: what is made carries the token.
          (await isThere(context)) ? forget(context) : context,
          {
            ...call,
            effect: (token, send, options) => call.effect(token.replace('forgotten/', ''), send, options),
          },
        );
        return result;
      },
    },
  };

  async function isThere(context: TaskContext): Promise<boolean> {
    if (context.task.action !== 'InstallRelease') return false;
    const token = context.resources['release']?.token;
    return (await harness.cloud.list()).some((resource) => resource.token === token);
  }
}
