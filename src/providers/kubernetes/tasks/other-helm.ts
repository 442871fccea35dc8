import { setTimeout as sleep } from 'node:timers/promises';
import { WindlassError } from '../../../domain/index.ts';
import { JOBS, resourcePath } from '../api/api-resources.ts';
import type { Workload } from '../api/kube-types.ts';
import { readContent, type ReleaseRevision } from '../helm/release-record.ts';
import { describeObject, nameOf } from '../manifest.ts';
import { readManifests } from '../read-manifest.ts';
import { judgeObject } from '../observe/readiness.ts';
import type { ReleaseScope } from './release-scope.ts';

/** Whether helm has written that it is at work, and not yet how it ended. */
export function isPending({ status }: ReleaseRevision): boolean {
  return status.startsWith('pending-');
}

/** A helm that lives writes how it ended within this after its last hook has. */
const GRACE_MS = 2_000;
const LOOK_MS = 250;

/**
 * A revision is pending: the helm that made it was killed, or belongs to a worker that froze and
 * wakes up again. As long as one of its hooks runs, that is waited for; when nothing has moved for a
 * moment after, helm is dead, and the caller may mend what it left.
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
    throw new WindlassError('unavailable', `helm was ended while ${running} ran, which is still at work`, {
      code: 'RELEASE_BUSY',
      hint: 'it goes on when the hook has ended',
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
 * Helm goes well although it could not write down how its work ended, because the API server failed
 * at that moment: the work is done, and nobody would ever know. The next try mends the record.
 *
 * @throws unavailable `RELEASE_UNRECORDED` where the newest revision has not the status that is due.
 */
export function requireRecorded(newest: ReleaseRevision | undefined, due: 'deployed' | 'uninstalled'): void {
  if (newest === undefined || newest.status === due) return;
  throw new WindlassError(
    'unavailable',
    `helm has ended, and release ${newest.name} is still recorded as ${newest.status}`,
    {
      code: 'RELEASE_UNRECORDED',
      hint: 'the API server failed when helm wrote how it ended: the next try mends that',
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
    // One that is stuck no helm waits for any more.
    if (ageOf(live) < scope.settings.patienceMs * 2) return describeObject(object);
  }
  return null;
}
