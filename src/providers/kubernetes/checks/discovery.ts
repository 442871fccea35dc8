import type { ApiResource, ApiResources } from '../api/api-resources.ts';
import type { KubeClient } from '../api/kube-client.ts';

/** All kinds that a server has, from two requests. */
export interface Discovery {
  readonly kinds: ApiResources;
  /** `apps/v1` and `apps/v1/Deployment`, the forms in which charts ask for them. */
  readonly apiVersions: readonly string[];
}

const ACCEPT = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json';

interface DiscoveryList {
  readonly items?: readonly {
    readonly metadata?: { readonly name?: string };
    readonly versions?: readonly {
      readonly version?: string;
      readonly resources?: readonly {
        readonly resource?: string;
        readonly responseKind?: { readonly kind?: string };
        readonly scope?: string;
        readonly verbs?: readonly string[];
      }[];
    }[];
  }[];
}

/** Asks the server which kinds it has, by aggregated discovery. @throws permission, unavailable. */
export async function discover(client: KubeClient): Promise<Discovery> {
  const lists = await Promise.all(
    ['/api', '/apis'].map((path) =>
      client.send<DiscoveryList>({ method: 'GET', path, accept: ACCEPT, what: 'list the server’s kinds' }),
    ),
  );
  const resources = lists.flatMap(({ items = [] }) =>
    items.flatMap(({ metadata, versions = [] }) =>
      versions.flatMap(({ version = '', resources: all = [] }) => {
        const group = metadata?.name ?? '';
        const apiVersion = group === '' ? version : `${group}/${version}`;
        return all.map((one): ApiResource => ({
          apiVersion,
          kind: one.responseKind?.kind ?? '',
          plural: one.resource ?? '',
          namespaced: one.scope !== 'Cluster',
          verbs: one.verbs ?? [],
        }));
      }),
    ),
  );
  const byKind = new Map(resources.map((resource) => [`${resource.apiVersion}/${resource.kind}`, resource]));
  return {
    kinds: { find: async (apiVersion, kind) => byKind.get(`${apiVersion}/${kind}`) ?? null },
    apiVersions: [
      ...new Set(resources.flatMap(({ apiVersion, kind }) => [apiVersion, `${apiVersion}/${kind}`])),
    ].sort(),
  };
}
