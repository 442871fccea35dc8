import { WindlassError } from '../../../domain/index.ts';
import { CLAIMS, CONFIG_MAPS, resourcePath } from '../api/api-resources.ts';
import type { KubeList, KubeObject, Pod, Workload } from '../api/kube-types.ts';
import { readHookRuns, readObjects } from '../helm/release-objects.ts';
import type { ReleaseRevision } from '../helm/release-record.ts';
import { nameOf } from '../manifest.ts';
import { listPods } from '../observe/explain.ts';
import { groupObjects, listGroup } from '../observe/live-objects.ts';
import { formatSelector } from '../observe/label-selector.ts';
import {
  isKept,
  isMadeByHook,
  isMadeForSet,
  isNamedForSet,
  isOfRelease,
  isPodOf,
  listManagers,
  type ClaimOrigin,
} from '../ownership.ts';
import { isOurs, requireRow, type ReleaseScope } from './release-scope.ts';

/** The objects of the release that still exist, each with its live state. */
export interface LeftObjects {
  /** Objects that helm does not delete, or has skipped because the API server failed. */
  readonly deletable: readonly KubeObject[];
  /** Kubernetes deletes them when their owner is gone. */
  readonly pods: readonly KubeObject[];
}

/**
 * Every object of a release that must be gone after its delete and still exists. Objects that the chart
 * keeps are left out, with all that belongs to them; so are objects that only have the same name as one of
 * the release.
 */
export async function listLeft(scope: ReleaseScope, newest: ReleaseRevision): Promise<LeftObjects> {
  const manifest = await readObjects(newest);
  const wanted = manifest.filter((object) => !isKept(object));
  const live = await readLive(scope, wanted);
  // Objects that a user has marked as kept, or has created under the same name since, stay with their
  // pods.
  const own = wanted.filter((object) => {
    const found = live.get(object);
    return found === undefined || (isOfRelease(found, newest) && !isKept(found));
  });
  const kept = manifest.filter((object) => !own.includes(object));
  const [claims, hooks, pods] = await Promise.all([
    listClaims(scope, own.filter(isSet), kept.filter(isSet)),
    listHookObjects(scope),
    listOwnPods(scope, own as readonly Workload[]),
  ]);
  return {
    deletable: [...own.map((object) => live.get(object)), ...claims, ...hooks].filter(
      (object) => object !== undefined,
    ),
    pods,
  };
}

/** The live objects by their desired ones; objects that do not exist are left out. */
async function readLive(
  scope: ReleaseScope,
  wanted: readonly KubeObject[],
): Promise<ReadonlyMap<KubeObject, KubeObject>> {
  const groups = await groupObjects(scope.kinds, wanted, scope.directive.namespace);
  const found = await Promise.all(
    groups.map(async (group) => {
      const { byName } = await listGroup(scope.client, group);
      return group.wanted.flatMap((object): [KubeObject, KubeObject][] => {
        const live = byName.get(nameOf(object));
        return live === undefined ? [] : [[object, live]];
      });
    }),
  );
  return new Map(found.flat());
}

function isSet(object: KubeObject): object is Workload {
  return object.kind === 'StatefulSet' && ((object as Workload).spec?.volumeClaimTemplates ?? []).length > 0;
}

/** Claims that the controller created for the pods of the release's StatefulSets; helm does not know them. */
async function listClaims(
  scope: ReleaseScope,
  sets: readonly Workload[],
  kept: readonly Workload[],
): Promise<readonly KubeObject[]> {
  if (sets.length === 0) return [];
  const lists = await Promise.all(
    sets.map(async (set) => {
      const list = await scope.client.send<KubeList>({
        method: 'GET',
        path: resourcePath(CLAIMS, namespaceOf(scope, set)),
        query: { labelSelector: formatSelector(set.spec?.selector) },
        what: `list persistentvolumeclaims of ${nameOf(set)}`,
      });
      return (list.items ?? []).map((item) => ({ set, item }));
    }),
  );
  const found = lists.flat().filter(({ set, item }) => isNamedForSet(item, set));
  if (found.length === 0) return [];
  const origin = await findOrigin(scope);
  return found
    .filter(({ set, item }) => isMadeForSet(item, set, origin))
    .filter(({ item }) => !kept.some((set) => isNamedForSet(item, set)))
    .map(({ item }): KubeObject => ({ ...item, apiVersion: 'v1', kind: 'PersistentVolumeClaim' }));
}

/** The manager names of Kubernetes' own controllers; some distributions run them in another program. */
const CONTROLLER = 'kube-controller-manager';

/**
 * Every namespace has a ConfigMap that the controllers have created: it shows the manager name under which
 * they write on this server.
 */
async function findOrigin(scope: ReleaseScope): Promise<ClaimOrigin> {
  const { client, directive, context } = scope;
  const made = await client
    .find<KubeObject>({
      method: 'GET',
      path: resourcePath(CONFIG_MAPS, directive.namespace, 'kube-root-ca.crt'),
    })
    .catch((error: unknown) => {
      if (WindlassError.isInstance(error) && error.kind === 'permission') return null;
      throw error;
    });
  return {
    controllers: [CONTROLLER, ...(made === null ? [] : listManagers(made))],
    sinceMs: Date.parse(context.cluster.createdAt) + client.clockAheadMs(),
  };
}

/** Objects that hooks which have run created, and that still exist. */
async function listHookObjects(scope: ReleaseScope): Promise<readonly KubeObject[]> {
  const row = requireRow(scope);
  const left = new Map<string, KubeObject>();
  for (const revision of (await scope.listRevisions()).filter((one) => isOurs(one, row))) {
    for (const { object, run } of await readHookRuns(revision)) {
      const resource = await scope.kinds.find(object.apiVersion ?? '', object.kind ?? '');
      if (resource === null) continue;
      const path = resourcePath(resource, namespaceOf(scope, object), nameOf(object));
      if (left.has(path)) continue;
      const live = await scope.client.find<KubeObject>({ method: 'GET', path });
      if (live !== null && isMadeByHook(live, object, run, revision, scope.client.clockAheadMs())) {
        left.set(path, live);
      }
    }
  }
  return [...left.values()];
}

async function listOwnPods(
  scope: ReleaseScope,
  objects: readonly Workload[],
): Promise<readonly KubeObject[]> {
  const found = await Promise.all(objects.map((workload) => listPodsOf(scope, workload)));
  return found.flat();
}

/** The pods that a workload's controller has created; its selector may also match other pods. */
export async function listPodsOf(
  { client, directive }: ReleaseScope,
  workload: Workload,
): Promise<readonly Pod[]> {
  const pods = await listPods(client, workload, workload.metadata?.namespace ?? directive.namespace);
  return pods.filter((pod) => isPodOf(pod, workload));
}

export function namespaceOf({ directive }: ReleaseScope, object: KubeObject): string {
  return object.metadata?.namespace ?? directive.namespace;
}
