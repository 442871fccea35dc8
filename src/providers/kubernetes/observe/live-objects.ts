import { resourcePath, type ApiResource, type ApiResources } from '../api/api-resources.ts';
import type { KubeClient } from '../api/kube-client.ts';
import type { KubeList, KubeObject } from '../api/kube-types.ts';
import { nameOf } from '../manifest.ts';

/** Objects of one kind in one namespace: one list request returns them, and one watch follows them. */
export interface ObjectGroup {
  readonly resource: ApiResource;
  readonly namespace: string;
  /** The objects as the manifest holds them. */
  readonly wanted: readonly KubeObject[];
}

/** Names an object within a release, e.g. `Deployment/default/web`. */
export function keyOf(kind: string, namespace: string, name: string): string {
  return `${kind}/${namespace}/${name}`;
}

export function groupKey({ resource, namespace }: ObjectGroup): string {
  return `${resource.kind}/${resource.namespaced ? namespace : ''}`;
}

/** Groups the objects that one list request can return; kinds that the server lacks are left out. */
export async function groupObjects(
  kinds: ApiResources,
  objects: readonly KubeObject[],
  defaultNamespace: string,
): Promise<readonly ObjectGroup[]> {
  const groups = new Map<string, ObjectGroup>();
  for (const object of objects) {
    const resource = await kinds.find(object.apiVersion ?? '', object.kind ?? '');
    if (resource === null) continue;
    const namespace = object.metadata?.namespace ?? defaultNamespace;
    const group: ObjectGroup = { resource, namespace, wanted: [] };
    const known = groups.get(groupKey(group)) ?? group;
    groups.set(groupKey(group), { ...known, wanted: [...known.wanted, object] });
  }
  return [...groups.values()];
}

/** Restricts a list or a watch to the one object, if there is only one. */
export function selectGroup({ wanted }: ObjectGroup): { fieldSelector?: string } {
  const [only] = wanted;
  return wanted.length === 1 && only !== undefined ? { fieldSelector: `metadata.name=${nameOf(only)}` } : {};
}

/** The live objects of a group by name, and the resourceVersion from which a watch can continue. */
export interface LiveGroup {
  readonly byName: ReadonlyMap<string, KubeObject>;
  readonly resourceVersion: string;
}

export async function listGroup(client: KubeClient, group: ObjectGroup): Promise<LiveGroup> {
  const { resource, namespace } = group;
  const list = await client.send<KubeList>({
    method: 'GET',
    path: resourcePath(resource, namespace),
    query: selectGroup(group),
    what: `list ${resource.plural}`,
  });
  // The items of a list have no kind and no apiVersion.
  const items = (list.items ?? []).map((item) => ({
    ...item,
    kind: resource.kind,
    apiVersion: resource.apiVersion,
  }));
  return {
    byName: new Map(items.map((item) => [nameOf(item), item])),
    resourceVersion: list.metadata?.resourceVersion ?? '',
  };
}
