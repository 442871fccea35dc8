import { WindlassError } from '../../../domain/index.ts';
import type { EffectCall } from '../../../provider/index.ts';
import { resourcePath, SECRETS } from '../api/api-resources.ts';
import type { KubeRequest } from '../api/kube-client.ts';
import type { ReleaseRevision } from '../helm/release-record.ts';
import { requireRow, type ReleaseScope } from './release-scope.ts';

/** The new content of a record. */
interface RecordChange {
  /** As helm packs it. */
  readonly release: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** What is done, for error messages. */
  readonly what: string;
}

/**
 * Replaces helm's record of a revision, if it is still as it was read: a helm that changes it meanwhile
 * wins.
 *
 * @throws unavailable `RELEASE_BUSY` if one has.
 */
export async function rewriteRecord(
  scope: ReleaseScope,
  revision: ReleaseRevision,
  { release, labels, what }: RecordChange,
  call: EffectCall,
): Promise<void> {
  const { token } = requireRow(scope);
  const { uid, resourceVersion } = revision;
  const request: KubeRequest = {
    method: 'PATCH',
    path: resourcePath(SECRETS, revision.namespace, revision.secretName),
    contentType: 'application/merge-patch+json',
    body: {
      metadata: { uid, resourceVersion, ...(labels === undefined ? {} : { labels }) },
      data: { release },
    },
    what,
  };
  await asItWas(revision, () => call.effect(token, () => scope.client.send(request)));
}

/** Deletes the record of a revision, under the same condition. @throws unavailable `RELEASE_BUSY` */
export async function forgetRecord(
  scope: ReleaseScope,
  revision: ReleaseRevision,
  call: EffectCall,
): Promise<void> {
  const { token } = requireRow(scope);
  const { uid, resourceVersion } = revision;
  const request: KubeRequest = {
    method: 'DELETE',
    path: resourcePath(SECRETS, revision.namespace, revision.secretName),
    body: { kind: 'DeleteOptions', apiVersion: 'v1', preconditions: { uid, resourceVersion } },
    what: `delete helm’s record ${revision.secretName}`,
  };
  await asItWas(revision, () => call.effect(token, () => scope.client.find(request)));
}

/** A precondition that no longer holds: another client has changed the record. */
async function asItWas<T>(revision: ReleaseRevision, change: () => Promise<T>): Promise<T> {
  try {
    return await change();
  } catch (error) {
    if (!WindlassError.isInstance(error) || error.code !== 'KUBERNETES_CONFLICT') throw error;
    throw new WindlassError('unavailable', `helm’s record ${revision.secretName} has changed meanwhile`, {
      code: 'RELEASE_BUSY',
      hint: 'another helm works on the release: the next attempt checks what it has done',
      retryAfterMs: 1_000,
      cause: error,
    });
  }
}
