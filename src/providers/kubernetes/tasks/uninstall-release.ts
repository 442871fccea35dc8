import { WindlassError } from '../../../domain/index.ts';
import type {
  EffectCall,
  HandleResult,
  ObserveCall,
  Observation,
  TaskContext,
} from '../../../provider/index.ts';
import { resourcePath, SECRETS } from '../api/api-resources.ts';
import type { KubeRequest } from '../api/kube-client.ts';
import type { KubeObject } from '../api/kube-types.ts';
import { requireRights } from '../checks/permissions.ts';
import type { ReleaseRevision } from '../helm/release-record.ts';
import { describeObject, nameOf } from '../manifest.ts';
import { groupObjects } from '../observe/live-objects.ts';
import { isKept } from '../ownership.ts';
import { removeRanHooks } from './delete-hooks.ts';
import { listLeft, namespaceOf } from './left-objects.ts';
import { isPending, requireRecorded, waitForOtherHelm } from './pending-revision.ts';
import {
  isOurs,
  openScope,
  requireRow,
  type KubernetesDependencies,
  type ReleaseScope,
} from './release-scope.ts';
import { runHelmOn } from './run-helm-on.ts';
import { readObjects } from '../helm/release-objects.ts';
import { findNewest } from './wait-release.ts';
import type { UninstallReleaseDirective } from '../release-tasks.ts';

type UninstallScope = ReleaseScope<UninstallReleaseDirective>;

/**
 * Uninstalls the release and deletes what helm leaves behind: the claims of StatefulSets' pods, objects
 * that hooks created, and objects that helm skipped because the API server failed. Of all these it deletes
 * only what provably belongs to the release (../ownership.ts), and not what the chart keeps. Helm's record
 * is kept until all of it is gone, because it carries the token and lists the objects. A release that is
 * gone, or was never ours, is a success.
 *
 * After a failure: the record still exists, so that the next attempt and PurgeRelease find it.
 */
export async function uninstallRelease(
  dependencies: KubernetesDependencies,
  context: TaskContext<'UninstallRelease'>,
  call: EffectCall,
): Promise<HandleResult> {
  const scope = await openScope(dependencies, context, call);
  let newest = await findNewest(scope);
  if (newest !== undefined && isPending(newest)) newest = await waitOut(scope, newest);
  // An interrupted uninstall: its hook continues by itself, and must not run twice at the same time. With
  // force, hooks are not waited for.
  if (newest?.status === 'uninstalling') {
    newest = await (scope.directive.force ? waitOut : waitForOtherHelm)(scope, newest);
  }
  if (newest === undefined) return { state: 'done' };
  if (newest.status !== 'uninstalled') {
    const { force } = scope.directive;
    if (!force) await removeRanHooks(scope, newest, call);
    await uninstall(dependencies, scope, call, newest, ['--keep-history', ...(force ? ['--no-hooks'] : [])]);
  }
  const { deletable } = await listLeft(scope, newest);
  for (const object of deletable) await deleteObject(scope, object, call);
  return { state: 'started' };
}

/**
 * Helm fails if another helm was faster; what counts is that the release is uninstalled. Helm does not say
 * why it could not delete an object: if that is forbidden, no further attempt helps.
 */
async function uninstall(
  dependencies: KubernetesDependencies,
  scope: UninstallScope,
  call: EffectCall,
  revision: ReleaseRevision,
  args: readonly string[],
): Promise<void> {
  try {
    await runHelmOn(dependencies, scope, call, { verb: 'uninstall', withChart: false, args });
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

/** Done when nothing of the release is left except helm's record of it. */
export async function waitForNothing(
  dependencies: KubernetesDependencies,
  context: TaskContext<'UninstallRelease'>,
  call: ObserveCall,
): Promise<Observation> {
  const scope = await openScope(dependencies, context, call);
  const newest = await findNewest(scope);
  if (newest === undefined) return { state: 'done' };
  if (newest.status !== 'uninstalled') {
    return { state: 'pending', seen: `release ${newest.name} is ${newest.status}`, retryAfterMs: 500 };
  }
  const { deletable, pods } = await listLeft(scope, newest);
  const left = [...deletable, ...pods].map(describeObject);
  if (left.length === 0) return { state: 'done' };
  const shown = `${left.slice(0, 3).join(', ')}${left.length > 3 ? ` and ${left.length - 3} more` : ''}`;
  return { state: 'pending', seen: `still exists: ${shown}`, retryAfterMs: 250 };
}

/** Deletes helm's records of the release: the last objects that carry the token. */
export async function purgeRelease(
  dependencies: KubernetesDependencies,
  context: TaskContext<'PurgeRelease'>,
  call: EffectCall,
): Promise<HandleResult> {
  const scope = await openScope(dependencies, context, call);
  const { row } = scope;
  if (row === undefined) return { state: 'done' };
  const revisions = (await scope.listRevisions()).filter((revision) => isOurs(revision, row));
  // Oldest first: the newest holds the release's state.
  for (const revision of revisions) {
    const request: KubeRequest = {
      method: 'DELETE',
      path: resourcePath(SECRETS, revision.namespace, revision.secretName),
      body: { kind: 'DeleteOptions', apiVersion: 'v1', preconditions: { uid: revision.uid } },
      what: `delete helm’s record ${revision.secretName}`,
    };
    await call.effect(row.token, () => scope.client.find(request));
  }
  return { state: 'done', changes: { resources: [{ token: row.token, state: 'gone' }] } };
}

/** Done when no record of ours is left. */
export async function waitForPurge(
  dependencies: KubernetesDependencies,
  context: TaskContext<'PurgeRelease'>,
  call: ObserveCall,
): Promise<Observation> {
  const newest = await findNewest(await openScope(dependencies, context, call));
  if (newest === undefined) return { state: 'done' };
  return { state: 'pending', seen: `helm’s record ${newest.secretName} still exists`, retryAfterMs: 500 };
}

async function deleteObject(scope: ReleaseScope, object: KubeObject, call: EffectCall): Promise<void> {
  if (object.metadata?.deletionTimestamp !== undefined) return;
  const resource = await scope.kinds.find(object.apiVersion ?? '', object.kind ?? '');
  if (resource === null) return;
  const request: KubeRequest = {
    method: 'DELETE',
    path: resourcePath(resource, namespaceOf(scope, object), nameOf(object)),
    body: {
      kind: 'DeleteOptions',
      apiVersion: 'v1',
      propagationPolicy: 'Background',
      preconditions: { uid: object.metadata?.uid },
    },
    what: `delete ${describeObject(object)}`,
  };
  await call.effect(requireRow(scope).token, () => scope.client.find(request));
}
