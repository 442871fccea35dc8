import { setTimeout as sleep } from 'node:timers/promises';
import { WindlassError } from '../../../domain/index.ts';
import { JOBS, resourcePath } from '../api/api-resources.ts';
import type { Workload } from '../api/kube-types.ts';
import { readContent, type ReleaseRevision } from '../helm/release-record.ts';
import { describeObject, nameOf } from '../manifest.ts';
import { readManifests } from '../read-manifest.ts';
import { judgeObject } from '../observe/readiness.ts';
import type { ReleaseScope } from './release-scope.ts';

/** Whether helm has recorded that it is working, and not yet how it ended. */
export function isPending({ status }: ReleaseRevision): boolean {
  return status.startsWith('pending-');
}

/** A helm that is alive records how it ended within this time after its last hook ended. */
const GRACE_MS = 2_000;
const LOOK_MS = 250;

/**
 * A revision is pending: the helm that created it was killed, or belongs to a worker that was frozen and
 * continues. While one of its hooks runs, that is waited for. If nothing changes for a moment after that,
 * helm is dead, and the caller may repair what it left.
 *
 * @returns the newest revision as it is then; undefined when the release is gone.
 * @throws unavailable `RELEASE_BUSY` while a hook runs.
 */
export async function waitForOtherHelm(
  scope: ReleaseScope,
  pending: ReleaseRevision,
): Promise<ReleaseRevision | undefined> {
  const running = await findRunningHook(scope, pending);
  if (running !== null) {
    throw new WindlassError('unavailable', `helm was ended while ${running} ran, which is still running`, {
      code: 'RELEASE_BUSY',
      hint: 'the job continues when the hook has ended',
      retryAfterMs: 1_000,
    });
  }
  let newest: ReleaseRevision | undefined = pending;
  for (let waited = 0; waited < GRACE_MS; waited += LOOK_MS) {
    await sleep(LOOK_MS);
    [newest] = (await scope.listRevisions()).slice(-1);
    if (newest === undefined || newest.resourceVersion !== pending.resourceVersion) return newest;
  }
  return newest;
}

/**
 * Helm exits with 0 even if it could not record the release's new status because the API server failed at
 * that moment: the work is done, but no record says so. The next attempt repairs the record.
 *
 * @throws unavailable `RELEASE_UNRECORDED` if the newest revision does not have the expected status.
 */
export function requireRecorded(newest: ReleaseRevision | undefined, due: 'deployed' | 'uninstalled'): void {
  if (newest === undefined || newest.status === due) return;
  throw new WindlassError(
    'unavailable',
    `helm has ended, but release ${newest.name} is still recorded as ${newest.status}`,
    {
      code: 'RELEASE_UNRECORDED',
      hint: 'the API server failed when helm recorded how it ended: the next attempt repairs that',
      retryAfterMs: 1_000,
    },
  );
}

function ageOf(object: Workload): number {
  return Date.now() - Date.parse(object.metadata?.creationTimestamp ?? '');
}

async function findRunningHook(scope: ReleaseScope, revision: ReleaseRevision): Promise<string | null> {
  const { hooks } = await readContent(revision);
  const made = await readManifests(hooks.map(({ manifest }) => manifest));
  for (const object of made.flat()) {
    if (object.kind !== 'Job') continue;
    const namespace = object.metadata?.namespace ?? revision.namespace;
    const live = await scope.client.find<Workload>({
      method: 'GET',
      path: resourcePath(JOBS, namespace, nameOf(object)),
    });
    if (live === null || judgeObject(live).state !== 'waiting') continue;
    // No helm waits any longer for one that is stuck.
    if (ageOf(live) < scope.settings.patienceMs * 2) return describeObject(object);
  }
  return null;
}
