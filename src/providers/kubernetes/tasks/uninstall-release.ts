import { WindlassError } from '../../../domain/index.ts';
import type {
  EffectCall,
  HandleResult,
  ObserveCall,
  Observation,
  TaskContext,
} from '../../../provider/index.ts';
import { CLAIMS, resourcePath, SECRETS } from '../api/api-resources.ts';
import type { KubeList, KubeObject, Workload } from '../api/kube-types.ts';
import { requireRights } from '../checks/permissions.ts';
import type { UninstallDirective } from '../directives.ts';
import type { ReleaseRevision } from '../helm/release-record.ts';
import { describeObject, isKept, nameOf } from '../manifest.ts';
import { listPods } from '../observe/explain.ts';
import { groupObjects, listGroup } from '../observe/live-objects.ts';
import { formatSelector } from '../observe/label-selector.ts';
import { judgeGone, lookAt } from '../observe/watch-ready.ts';
import { strikeDeleteHooks } from './delete-hooks.ts';
import { isPending, requireRecorded, waitForOtherHelm } from './other-helm.ts';
import { isOurs, openScope, requireRow, type KubernetesWorld, type ReleaseScope } from './release-scope.ts';
import { runHelmOn } from './run-helm-on.ts';
import { readHooks, readObjects } from '../helm/release-objects.ts';
import { findNewest } from './wait-release.ts';

type UninstallScope = ReleaseScope<UninstallDirective>;

/**
 * Uninstalls the release and deletes what helm leaves behind: the claims of StatefulSets' pods,
 * what hooks have made, and what it passed over because the API server failed. Helm's record is
 * kept until all of it is gone, because it carries the token and knows the objects. What is gone, or
 * was never ours, is success.
 *
 * After a failure: the record is still there, so that the next try and PurgeRelease find it.
 */
export async function uninstallRelease(
  world: KubernetesWorld,
  context: TaskContext,
  call: EffectCall,
): Promise<HandleResult> {
  const scope = await openScope<UninstallDirective>(world, context, call);
  let newest = await findNewest(scope);
  if (newest !== undefined && isPending(newest)) newest = await waitOut(scope, newest);
  // One that was cut: its hook goes on by itself, and is not run beside itself. Force waits for none.
  if (newest?.status === 'uninstalling') {
    newest = await (scope.directive.force ? waitOut : waitForOtherHelm)(scope, newest);
  }
  if (newest === undefined) return { state: 'done' };
  const claims = await listClaims(scope, newest);
  if (newest.status !== 'uninstalled') {
    const { force } = scope.directive;
    if (!force) await strikeDeleteHooks(scope, newest, call);
    await uninstall(world, scope, call, newest, ['--keep-history', ...(force ? ['--no-hooks'] : [])]);
  }
  const left = [
    ...(await listLeftObjects(scope, newest)),
    ...claims,
    ...(await listLeftHooks(scope, newest)),
  ];
  for (const object of left) await deleteObject(scope, object, call);
  return { state: 'started' };
}

/**
 * Helm fails where another one was quicker; what counts is that the release is uninstalled. Why it
 * could not delete an object it does not say: where that is not allowed, no other try helps.
 */
async function uninstall(
  world: KubernetesWorld,
  scope: UninstallScope,
  call: EffectCall,
  revision: ReleaseRevision,
  args: readonly string[],
): Promise<void> {
  try {
    await runHelmOn(world, scope, call, { verb: 'uninstall', withChart: false, args });
  } catch (error) {
    if (!WindlassError.isInstance(error) || !error.code.startsWith('HELM_')) throw error;
    const newest = await findNewest(scope);
    if (newest === undefined || newest.status === 'uninstalled') return;
    if (error.code === 'HELM_DELETE_FAILED') await requireDeletes(scope, revision);
    throw error;
  }
  requireRecorded(await findNewest(scope), 'uninstalled');
}

/** @throws permission `KUBERNETES_FORBIDDEN`, naming each kind that the credential may not delete. */
async function requireDeletes(scope: UninstallScope, revision: ReleaseRevision): Promise<void> {
  const objects = (await readObjects(revision)).filter((object) => !isKept(object));
  const groups = await groupObjects(scope.kinds, objects, scope.directive.namespace);
  await requireRights(
    scope.client,
    groups.map(({ resource, namespace }) => ({ resource, namespace, verb: 'delete' })),
  );
}

/** A delete does not wait for a hook that will never end. */
async function waitOut(scope: ReleaseScope, pending: ReleaseRevision): Promise<ReleaseRevision | undefined> {
  try {
    return await waitForOtherHelm(scope, pending);
  } catch (error) {
    if (typeof error === 'object' && error !== null && 'code' in error && error.code === 'RELEASE_BUSY')
      return pending;
    throw error;
  }
}

/** Done when nothing of the release is left but helm's record of it. */
export async function waitForNothing(
  world: KubernetesWorld,
  context: TaskContext,
  call: ObserveCall,
): Promise<Observation> {
  const scope = await openScope<UninstallDirective>(world, context, call);
  const newest = await findNewest(scope);
  if (newest === undefined) return { state: 'done' };
  if (newest.status !== 'uninstalled') {
    return { state: 'pending', seen: `release ${newest.name} is ${newest.status}`, retryAfterMs: 500 };
  }
  const manifest = await readObjects(newest);
  const objects = [...manifest, ...(await readHooks(newest))].filter((object) => !isKept(object));
  const groups = await groupObjects(scope.kinds, objects, scope.directive.namespace);
  const { open } = await lookAt(scope.client, groups, (live, wanted) =>
    // Somebody else may have made an object of the same name since: that one is not ours.
    judgeGone(live !== null && isOf(live, newest) ? live : null, wanted),
  );
  const workloads = manifest.filter(
    (object): object is Workload => formatSelector((object as Workload).spec?.selector) !== '',
  );
  const pods = (
    await Promise.all(workloads.map((one) => listPods(scope.client, one, namespaceOf(scope, one))))
  ).flat();
  const left = [
    ...[...open.values()].map(({ wanted }) => describeObject(wanted)),
    ...pods.map(describeObject),
    ...(await listClaims(scope, newest)).map(describeObject),
  ];
  if (left.length === 0) return { state: 'done' };
  const shown = `${left.slice(0, 3).join(', ')}${left.length > 3 ? ` and ${left.length - 3} more` : ''}`;
  return { state: 'pending', seen: `still there: ${shown}`, retryAfterMs: 250 };
}

/** Deletes helm's records of the release: the last thing that carries the token. */
export async function purgeRelease(
  world: KubernetesWorld,
  context: TaskContext,
  call: EffectCall,
): Promise<HandleResult> {
  const scope = await openScope(world, context, call);
  const { row } = scope;
  if (row === undefined) return { state: 'done' };
  const revisions = (await scope.listRevisions()).filter((revision) => isOurs(revision, row));
  // Oldest first: the newest says what state the release is in.
  for (const revision of revisions) {
    await call.beforeEffect(row.token);
    await scope.client.find({
      method: 'DELETE',
      path: resourcePath(SECRETS, revision.namespace, revision.secretName),
      body: { kind: 'DeleteOptions', apiVersion: 'v1', preconditions: { uid: revision.uid } },
      what: `delete helm’s record ${revision.secretName}`,
    });
    await call.afterEffect(row.token);
  }
  return { state: 'done', changes: { resources: [{ token: row.token, state: 'gone' }] } };
}

/** Done when no record of ours is left. */
export async function waitForPurge(
  world: KubernetesWorld,
  context: TaskContext,
  call: ObserveCall,
): Promise<Observation> {
  const newest = await findNewest(await openScope(world, context, call));
  if (newest === undefined) return { state: 'done' };
  return { state: 'pending', seen: `helm’s record ${newest.secretName} is still there`, retryAfterMs: 500 };
}

/** Claims that the controller made for the pods of the release's StatefulSets; helm does not know them. */
async function listClaims(scope: ReleaseScope, revision: ReleaseRevision): Promise<readonly KubeObject[]> {
  const sets = (await readObjects(revision)).filter(
    (object): object is Workload =>
      object.kind === 'StatefulSet' && ((object as Workload).spec?.volumeClaimTemplates ?? []).length > 0,
  );
  const found = await Promise.all(
    sets.map(async (set) => {
      const list = await scope.client.send<KubeList>({
        method: 'GET',
        path: resourcePath(CLAIMS, namespaceOf(scope, set)),
        query: { labelSelector: formatSelector(set.spec?.selector) },
        what: `list persistentvolumeclaims of ${nameOf(set)}`,
      });
      const heads = (set.spec?.volumeClaimTemplates ?? []).map(
        (template) => `${template.metadata?.name ?? ''}-${nameOf(set)}-`,
      );
      return (list.items ?? [])
        .filter((claim) =>
          heads.some(
            (head) => nameOf(claim).startsWith(head) && /^\d+$/.test(nameOf(claim).slice(head.length)),
          ),
        )
        .map((claim): KubeObject => ({ ...claim, apiVersion: 'v1', kind: 'PersistentVolumeClaim' }));
    }),
  );
  return found.flat();
}

/**
 * What helm has let stand and calls uninstalled nevertheless: an object whose owner it could not
 * ask for, because the API server failed at that moment. Only what says that it is this release's.
 */
async function listLeftObjects(
  scope: ReleaseScope,
  revision: ReleaseRevision,
): Promise<readonly KubeObject[]> {
  const objects = (await readObjects(revision)).filter((object) => !isKept(object));
  const groups = await groupObjects(scope.kinds, objects, scope.directive.namespace);
  const left = await Promise.all(
    groups.map(async (group) => {
      const { byName } = await listGroup(scope.client, group);
      return group.wanted
        .map((object) => byName.get(nameOf(object)))
        .filter((live): live is KubeObject => live !== undefined);
    }),
  );
  return left.flat().filter(({ metadata }) => {
    const annotations = metadata?.annotations ?? {};
    return (
      annotations['meta.helm.sh/release-name'] === revision.name &&
      annotations['meta.helm.sh/release-namespace'] === revision.namespace
    );
  });
}

/** What hooks have made and nobody has deleted since; each as it is. */
async function listLeftHooks(scope: ReleaseScope, revision: ReleaseRevision): Promise<readonly KubeObject[]> {
  const hooks = (await readHooks(revision)).filter((object) => !isKept(object));
  const left: KubeObject[] = [];
  for (const object of hooks) {
    const resource = await scope.kinds.find(object.apiVersion ?? '', object.kind ?? '');
    if (resource === null) continue;
    const live = await scope.client.find<KubeObject>({
      method: 'GET',
      path: resourcePath(resource, namespaceOf(scope, object), nameOf(object)),
    });
    if (live !== null && isOf(live, revision)) left.push(live);
  }
  return left;
}

/** Objects say which release they are of; a hook may say nothing, and then its name must do. */
function isOf(object: KubeObject, revision: ReleaseRevision): boolean {
  const annotations = object.metadata?.annotations ?? {};
  const release = annotations['meta.helm.sh/release-name'];
  return release === undefined || release === revision.name;
}

async function deleteObject(scope: ReleaseScope, object: KubeObject, call: EffectCall): Promise<void> {
  if (object.metadata?.deletionTimestamp !== undefined) return;
  const resource = await scope.kinds.find(object.apiVersion ?? '', object.kind ?? '');
  if (resource === null) return;
  const { token } = requireRow(scope);
  await call.beforeEffect(token);
  await scope.client.find({
    method: 'DELETE',
    path: resourcePath(resource, namespaceOf(scope, object), nameOf(object)),
    body: {
      kind: 'DeleteOptions',
      apiVersion: 'v1',
      propagationPolicy: 'Background',
      preconditions: { uid: object.metadata?.uid },
    },
    what: `delete ${describeObject(object)}`,
  });
  await call.afterEffect(token);
}

function namespaceOf({ directive }: ReleaseScope, object: KubeObject): string {
  return object.metadata?.namespace ?? directive.namespace;
}
