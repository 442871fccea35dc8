import { WindlassError } from '../../../domain/index.ts';
import type { ObserveCall, Observation, TaskContext } from '../../../provider/index.ts';
import { readObjects } from '../helm/release-objects.ts';
import { readContent, type ReleaseRevision } from '../helm/release-record.ts';
import { observeReady } from '../observe/observe-release.ts';
import { SPEC_LABEL } from '../release-labels.ts';
import { wantedSpec } from './wanted-spec.ts';
import { isOurs, openScope, type KubernetesDependencies, type ReleaseScope } from './release-scope.ts';

/**
 * Whether the release exists and everything in it is ready. Hooks are done when helm reports the release
 * as deployed.
 */
export async function waitForRelease(
  dependencies: KubernetesDependencies,
  context: TaskContext<'InstallRelease'>,
  call: ObserveCall,
): Promise<Observation> {
  const scope = await openScope(dependencies, context, call);
  return observeNewest(scope, await findNewest(scope), call);
}

/** The same, when the newest revision is the one that the job wants. */
export async function waitForChange(
  dependencies: KubernetesDependencies,
  context: TaskContext<'UpgradeRelease' | 'RollbackRelease'>,
  call: ObserveCall,
): Promise<Observation> {
  const scope = await openScope(dependencies, context, call);
  const newest = await findNewest(scope);
  if (newest?.status === 'deployed' && newest.labels[SPEC_LABEL] !== (await wantedSpec(scope)).spec) {
    return { state: 'pending', seen: `release ${newest.name} is not changed yet`, retryAfterMs: 500 };
  }
  return observeNewest(scope, newest, call);
}

async function observeNewest(
  scope: ReleaseScope,
  newest: ReleaseRevision | undefined,
  call: ObserveCall,
): Promise<Observation> {
  if (newest === undefined)
    return { state: 'pending', seen: `release ${scope.directive.release} does not exist` };
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
    hint: 'fix the cause, then recover the cluster or delete it',
  });
}

/** Our newest revision. */
export async function findNewest(scope: ReleaseScope): Promise<ReleaseRevision | undefined> {
  const { row } = scope;
  if (row === undefined) return undefined;
  return (await scope.listRevisions()).findLast((revision) => isOurs(revision, row));
}
