import { WindlassError } from '../../../domain/index.ts';
import type { EffectCall } from '../../../provider/index.ts';
import { resourcePath, SECRETS } from '../api/api-resources.ts';
import type { KubeRequest } from '../api/kube-client.ts';
import type { ReleaseRevision } from '../helm/release-record.ts';
import { requireRow, type ReleaseScope } from './release-scope.ts';

/** What a record is to say instead. */
interface RecordChange {
  /** As helm packs it. */
  readonly release: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** What is done, for an error. */
  readonly what: string;
}

/**
 * Writes helm's record of a revision anew, as it was when it was looked at: a helm that moves it
 * meanwhile wins.
 *
 * @throws unavailable `RELEASE_BUSY` when one has.
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

/** Takes the record of a revision away; else likewise. @throws unavailable `RELEASE_BUSY` */
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

/** A precondition that no longer holds: somebody else has changed the record. */
async function asItWas<T>(revision: ReleaseRevision, change: () => Promise<T>): Promise<T> {
  try {
    return await change();
  } catch (error) {
    if (!WindlassError.isInstance(error) || error.code !== 'KUBERNETES_CONFLICT') throw error;
    throw new WindlassError('unavailable', `helm’s record ${revision.secretName} has moved meanwhile`, {
      code: 'RELEASE_BUSY',
      hint: 'another helm works on the release: the next try looks what it has done',
      retryAfterMs: 1_000,
      cause: error,
    });
  }
}
