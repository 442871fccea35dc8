import { WindlassError } from '../../../domain/index.ts';
import type { ObserveCall, Observation, TaskContext } from '../../../provider/index.ts';
import { readContent, type ReleaseRevision } from '../helm/release-record.ts';
import { isHook, parseManifest } from '../manifest.ts';
import type { KubeObject } from '../api/kube-types.ts';
import { observeReady } from '../observe/observe-release.ts';
import { isOurs, openScope, type KubernetesWorld, type ReleaseScope } from './release-scope.ts';

/**
 * Whether the release is there and everything in it ready. Hooks are done when helm says that the
 * release is deployed.
 */
export async function waitForRelease(
  world: KubernetesWorld,
  context: TaskContext,
  call: ObserveCall,
): Promise<Observation> {
  const scope = await openScope(world, context, call);
  const newest = await findNewest(scope);
  if (newest === undefined)
    return { state: 'pending', seen: `release ${scope.directive.release} is not there` };
  if (newest.status === 'failed') throw await releaseFailed(newest);
  if (newest.status !== 'deployed') {
    return { state: 'pending', seen: `release ${newest.name} is ${newest.status}`, retryAfterMs: 500 };
  }
  return observeReady(scope, await readObjects(newest), call);
}

async function releaseFailed(revision: ReleaseRevision): Promise<WindlassError> {
  const { description } = await readContent(revision);
  return new WindlassError('conflict', `release ${revision.name} has failed: ${description}`, {
    code: 'HELM_FAILED',
    hint: 'mend the cause, then recover the cluster or delete it',
  });
}

/** The newest revision that is ours. */
export async function findNewest(scope: ReleaseScope): Promise<ReleaseRevision | undefined> {
  const { row } = scope;
  if (row === undefined) return undefined;
  return (await scope.listRevisions()).findLast((revision) => isOurs(revision, row));
}

/** What a revision holds, its hooks left out. */
export async function readObjects(revision: ReleaseRevision): Promise<readonly KubeObject[]> {
  return parseManifest((await readContent(revision)).manifest).filter((object) => !isHook(object));
}

/** What a revision's hooks make. */
export async function readHooks(revision: ReleaseRevision): Promise<readonly KubeObject[]> {
  const { hooks } = await readContent(revision);
  return hooks.flatMap(({ manifest }) => parseManifest(manifest));
}
