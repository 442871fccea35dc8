import type { EffectCall } from '../../../provider/index.ts';
import { resourcePath, SECRETS } from '../api/api-resources.ts';
import type { KubeRequest } from '../api/kube-client.ts';
import type { ReleaseRevision } from '../helm/release-record.ts';
import { STOPPED_ANNOTATION } from '../release-labels.ts';
import { requireRow, type ReleaseScope } from './release-scope.ts';

/** How many pods each workload (`Deployment/web`) had before it was stopped. */
export type StoppedCounts = Readonly<Record<string, number>>;

/** The counts in the newest revision that holds any; null when the release is not stopped. */
export function readCounts(revisions: readonly ReleaseRevision[]): StoppedCounts | null {
  const text = revisions.at(-1)?.annotations[STOPPED_ANNOTATION];
  if (text === undefined) return null;
  try {
    const counts: unknown = JSON.parse(text);
    if (typeof counts !== 'object' || counts === null) return {};
    return Object.fromEntries(
      Object.entries(counts).filter((entry): entry is [string, number] => typeof entry[1] === 'number'),
    );
  } catch {
    // It was changed by hand: the stored cluster knows the counts too.
    return {};
  }
}

/** Writes the counts into the release's own record; null removes them. */
export async function writeCounts(
  scope: ReleaseScope,
  revision: ReleaseRevision,
  counts: StoppedCounts | null,
  call: EffectCall,
): Promise<void> {
  const request: KubeRequest = {
    method: 'PATCH',
    path: resourcePath(SECRETS, revision.namespace, revision.secretName),
    contentType: 'application/merge-patch+json',
    body: {
      metadata: { annotations: { [STOPPED_ANNOTATION]: counts === null ? null : JSON.stringify(counts) } },
    },
    what: `annotate helm’s record ${revision.secretName}`,
  };
  await call.effect(requireRow(scope).token, () => scope.client.send(request));
}
