import type { KubeClient } from './kube-client.ts';

/** How objects of a kind are addressed. */
export interface ApiResource {
  readonly apiVersion: string;
  readonly kind: string;
  /** In paths: `deployments`. */
  readonly plural: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
}

export function groupOf(apiVersion: string): string {
  return apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '';
}

/** Path of the collection, or of one object of it. */
export function resourcePath(resource: ApiResource, namespace: string, name?: string): string {
  const root = resource.apiVersion.includes('/')
    ? `/apis/${resource.apiVersion}`
    : `/api/${resource.apiVersion}`;
  const scope = resource.namespaced ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  return `${root}${scope}/${resource.plural}${name === undefined ? '' : `/${encodeURIComponent(name)}`}`;
}

function builtIn(apiVersion: string, kind: string, plural: string, namespaced = true): ApiResource {
  return { apiVersion, kind, plural, namespaced, verbs: [] };
}

// The kinds that this provider itself uses have the same address on every server.
export const PODS = builtIn('v1', 'Pod', 'pods');
export const SECRETS = builtIn('v1', 'Secret', 'secrets');
export const SERVICES = builtIn('v1', 'Service', 'services');
export const EVENTS = builtIn('v1', 'Event', 'events');
export const NAMESPACES = builtIn('v1', 'Namespace', 'namespaces', false);
export const CONFIG_MAPS = builtIn('v1', 'ConfigMap', 'configmaps');
export const CLAIMS = builtIn('v1', 'PersistentVolumeClaim', 'persistentvolumeclaims');
export const QUOTAS = builtIn('v1', 'ResourceQuota', 'resourcequotas');
export const LIMIT_RANGES = builtIn('v1', 'LimitRange', 'limitranges');
export const STORAGE_CLASSES = builtIn('storage.k8s.io/v1', 'StorageClass', 'storageclasses', false);
export const DEPLOYMENTS = builtIn('apps/v1', 'Deployment', 'deployments');
export const STATEFUL_SETS = builtIn('apps/v1', 'StatefulSet', 'statefulsets');
export const DAEMON_SETS = builtIn('apps/v1', 'DaemonSet', 'daemonsets');
export const REPLICA_SETS = builtIn('apps/v1', 'ReplicaSet', 'replicasets');
export const JOBS = builtIn('batch/v1', 'Job', 'jobs');
export const CRON_JOBS = builtIn('batch/v1', 'CronJob', 'cronjobs');
export const INGRESSES = builtIn('networking.k8s.io/v1', 'Ingress', 'ingresses');
export const ENDPOINT_SLICES = builtIn('discovery.k8s.io/v1', 'EndpointSlice', 'endpointslices');
export const CRDS = builtIn(
  'apiextensions.k8s.io/v1',
  'CustomResourceDefinition',
  'customresourcedefinitions',
  false,
);

const KNOWN: readonly ApiResource[] = [
  PODS,
  SECRETS,
  SERVICES,
  NAMESPACES,
  CONFIG_MAPS,
  CLAIMS,
  QUOTAS,
  LIMIT_RANGES,
  STORAGE_CLASSES,
  DEPLOYMENTS,
  STATEFUL_SETS,
  DAEMON_SETS,
  REPLICA_SETS,
  JOBS,
  CRON_JOBS,
  INGRESSES,
  CRDS,
  builtIn('v1', 'ServiceAccount', 'serviceaccounts'),
  builtIn('v1', 'PersistentVolume', 'persistentvolumes', false),
  builtIn('policy/v1', 'PodDisruptionBudget', 'poddisruptionbudgets'),
  builtIn('autoscaling/v2', 'HorizontalPodAutoscaler', 'horizontalpodautoscalers'),
  builtIn('networking.k8s.io/v1', 'NetworkPolicy', 'networkpolicies'),
  builtIn('rbac.authorization.k8s.io/v1', 'Role', 'roles'),
  builtIn('rbac.authorization.k8s.io/v1', 'RoleBinding', 'rolebindings'),
  builtIn('rbac.authorization.k8s.io/v1', 'ClusterRole', 'clusterroles', false),
  builtIn('rbac.authorization.k8s.io/v1', 'ClusterRoleBinding', 'clusterrolebindings', false),
];

/** Finds out how kinds are addressed; asks the server only about kinds that not every server has. */
export interface ApiResources {
  /** Null where the server does not have the kind. */
  find(apiVersion: string, kind: string): Promise<ApiResource | null>;
}

interface ApiResourceList {
  readonly resources?: readonly {
    readonly name?: string;
    readonly kind?: string;
    readonly namespaced?: boolean;
    readonly verbs?: readonly string[];
  }[];
}

export function createApiResources(client: KubeClient): ApiResources {
  const asked = new Map<string, Promise<readonly ApiResource[]>>();

  async function ask(apiVersion: string): Promise<readonly ApiResource[]> {
    const path = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const list = await client.find<ApiResourceList>({ method: 'GET', path, what: `find ${apiVersion}` });
    return (list?.resources ?? []).flatMap(({ name = '', kind = '', namespaced = true, verbs = [] }) => {
      // Names with a slash are subresources, such as `deployments/scale`.
      return name === '' || name.includes('/') ? [] : [{ apiVersion, kind, plural: name, namespaced, verbs }];
    });
  }

  return {
    async find(apiVersion, kind) {
      const known = KNOWN.find((one) => one.apiVersion === apiVersion && one.kind === kind);
      if (known !== undefined) return known;
      const list = asked.get(apiVersion) ?? ask(apiVersion);
      asked.set(apiVersion, list);
      return (await list).find((one) => one.kind === kind) ?? null;
    },
  };
}
