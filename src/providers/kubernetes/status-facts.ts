import { compareText } from '../../plan/index.ts';
import { ENDPOINT_SLICES, INGRESSES, resourcePath, SERVICES, type ApiResource } from './api/api-resources.ts';
import type { KubeClient } from './api/kube-client.ts';
import type { KubeList, KubeObject, Pod, Service, Workload } from './api/kube-types.ts';
import type { ReleaseRevision } from './helm/release-record.ts';
import { describeObject, nameOf } from './manifest.ts';
import { isForbidden, listEvents } from './observe/explain.ts';
import { judgeObject } from './observe/readiness.ts';

/** The server's current state of a cluster. */
export interface Found {
  readonly client: KubeClient;
  readonly namespace: string;
  /** Whether the ledger has a row of it that is not gone. */
  readonly begun: boolean;
  /** It existed once. */
  readonly made: boolean;
  /** A delete is running, or has run. */
  readonly leaving: boolean;
  /** Ours; undefined if there is none. */
  readonly revision: ReleaseRevision | undefined;
  readonly objects: readonly KubeObject[];
  readonly workloads: readonly FoundWorkload[];
}

export interface FoundWorkload {
  readonly role: string;
  readonly live: Workload | null;
  readonly pods: readonly Pod[];
}

/** A pod, for display. */
export function toPodFacts(pod: Pod, reason: string | null): Readonly<Record<string, string>> {
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

/** The state of each workload. */
export function toWorkloadFacts({ workloads }: Found): Readonly<Record<string, string>> {
  return Object.fromEntries(
    workloads.map(({ role, live }) => [
      `workload ${role}`,
      live === null ? 'does not exist' : `${live.kind ?? ''}: ${judgeObject(live).seen}`,
    ]),
  );
}

/** Services with their ports, addresses and endpoints. */
export async function listServiceFacts(found: Found): Promise<Readonly<Record<string, string>>> {
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

/** Ingresses with their hosts and addresses. */
export async function listIngressFacts(found: Found): Promise<Readonly<Record<string, string>>> {
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

/** Live objects of a kind that the release holds; kinds that may not be read are left out. */
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

/** The newest warnings about objects that are not ready. */
export async function listWarningFacts(found: Found): Promise<Readonly<Record<string, string>>> {
  // An old warning explains nothing about an object that is ready now.
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
    // Names of ReplicaSets and claims contain the name of their workload.
    return own.has(name) || [...own].some((one) => name.startsWith(`${one}-`));
  });
  return Object.fromEntries(
    ours.slice(-MAX_WARNINGS).map((event, index) => {
      const about = (event['involvedObject'] ?? {}) as { kind?: string; name?: string };
      const subject = describeObject({ kind: about.kind ?? '', metadata: { name: about.name ?? '' } });
      return [`warning ${index + 1}`, `${subject}: ${event.reason ?? ''}: ${event.message ?? ''}`];
    }),
  );
}
