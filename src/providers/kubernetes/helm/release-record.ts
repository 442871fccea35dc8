import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { WindlassError } from '../../../domain/index.ts';
import { resourcePath, SECRETS } from '../api/api-resources.ts';
import type { KubeClient } from '../api/kube-client.ts';
import type { KubeList, KubeObject } from '../api/kube-types.ts';

const unzip = promisify(gunzip);

/** One revision of a release, as its secret's labels tell it: cheap to read. */
export interface ReleaseRevision {
  readonly name: string;
  readonly namespace: string;
  readonly revision: number;
  readonly status: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Of the secret that holds it. */
  readonly secretName: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly createdAt: string;
  /** What helm wrote, still packed. */
  readonly packed: string;
}

/** What is packed in a revision. */
export interface ReleaseContent {
  readonly description: string;
  readonly manifest: string;
  readonly hooks: readonly { readonly manifest: string; readonly deletePolicies: readonly string[] }[];
}

/**
 * Every revision of a release that is there, newest last: read from helm's own records, so that no
 * process is started for it.
 */
export async function listRevisions(
  client: KubeClient,
  namespace: string,
  name: string,
): Promise<readonly ReleaseRevision[]> {
  const list = await client.send<KubeList>({
    method: 'GET',
    path: resourcePath(SECRETS, namespace),
    query: { labelSelector: `owner=helm,name=${name}` },
    what: `look for release ${name} in ${namespace}`,
  });
  return (list.items ?? []).map(toRevision).sort((left, right) => left.revision - right.revision);
}

export function toRevision(secret: KubeObject): ReleaseRevision {
  const { metadata } = secret;
  const labels = metadata?.labels ?? {};
  const data = secret['data'] as Readonly<Record<string, string>> | undefined;
  return {
    name: labels['name'] ?? '',
    namespace: metadata?.namespace ?? '',
    revision: Number(labels['version'] ?? 0),
    status: labels['status'] ?? 'unknown',
    labels,
    annotations: metadata?.annotations ?? {},
    secretName: metadata?.name ?? '',
    uid: metadata?.uid ?? '',
    resourceVersion: metadata?.resourceVersion ?? '',
    createdAt: metadata?.creationTimestamp ?? '',
    packed: data?.['release'] ?? '',
  };
}

interface StoredRelease {
  readonly info?: { readonly description?: string };
  readonly manifest?: string;
  readonly hooks?:
    | readonly { readonly manifest?: string; readonly delete_policies?: readonly string[] }[]
    | null;
}

/** Unpacks what helm wrote: base64 of gzipped JSON, in a secret's base64. @throws internal `RELEASE_RECORD` */
export async function readContent(revision: ReleaseRevision): Promise<ReleaseContent> {
  try {
    const inner = Buffer.from(Buffer.from(revision.packed, 'base64').toString('latin1'), 'base64');
    const zipped = inner[0] === 0x1f && inner[1] === 0x8b;
    const stored = JSON.parse((zipped ? await unzip(inner) : inner).toString('utf8')) as StoredRelease;
    return {
      description: stored.info?.description ?? '',
      manifest: stored.manifest ?? '',
      hooks: (stored.hooks ?? []).map((hook) => ({
        manifest: hook.manifest ?? '',
        deletePolicies: hook.delete_policies ?? [],
      })),
    };
  } catch {
    throw new WindlassError('internal', `helm’s record ${revision.secretName} cannot be read`, {
      code: 'RELEASE_RECORD',
      hint: 'it was written by a helm that this windlass does not know',
    });
  }
}
