import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { WindlassError } from '../../../domain/index.ts';
import { resourcePath, SECRETS } from '../api/api-resources.ts';
import type { KubeClient } from '../api/kube-client.ts';
import type { KubeList, KubeObject } from '../api/kube-types.ts';

const unzip = promisify(gunzip);
const zip = promisify(gzip);

/** One revision of a release, as the labels of its secret describe it: cheap to read. */
export interface ReleaseRevision {
  readonly name: string;
  readonly namespace: string;
  readonly revision: number;
  readonly status: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** The name of the secret that holds it. */
  readonly secretName: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly createdAt: string;
  /** Helm's record, still packed. */
  readonly packed: string;
}

/** The content of a revision's packed record. */
export interface ReleaseContent {
  readonly description: string;
  readonly manifest: string;
  /** The user's own values. */
  readonly values: Readonly<Record<string, unknown>>;
  /** When its deletion began; null if it has not begun. */
  readonly deletedAt: string | null;
  readonly hooks: readonly ReleaseHook[];
}

/** Helm's record of one of a release's hooks. */
export interface ReleaseHook {
  readonly manifest: string;
  /** e.g. `pre-delete` */
  readonly events: readonly string[];
  /** Its newest run; null if it has not run. */
  readonly lastRun: HookRun | null;
}

/** One run of a hook, by the clock of the worker that ran helm. */
export interface HookRun {
  readonly startedAt: string;
  /** Null if it was interrupted. */
  readonly completedAt: string | null;
  readonly phase: string;
}

/**
 * All revisions of a release that exist, newest last. They are read from helm's own records, so that no
 * process has to be started.
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
    what: `read release ${name} in ${namespace}`,
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
  readonly info?: { readonly status?: string; readonly description?: string; readonly deleted?: string };
  readonly manifest?: string;
  readonly config?: Readonly<Record<string, unknown>> | null;
  readonly hooks?: readonly StoredHook[] | null;
}

interface StoredHook {
  readonly manifest?: string;
  readonly events?: readonly string[];
  readonly last_run?: {
    readonly started_at?: string;
    readonly completed_at?: string;
    readonly phase?: string;
  };
}

/**
 * Unpacks helm's record: base64 of gzipped JSON, inside the base64 of the secret. @throws internal
 * `RELEASE_RECORD`
 */
export async function readContent(revision: ReleaseRevision): Promise<ReleaseContent> {
  const stored = await unpack(revision);
  return {
    description: stored.info?.description ?? '',
    manifest: stored.manifest ?? '',
    values: stored.config ?? {},
    deletedAt: readTime(stored.info?.deleted),
    hooks: (stored.hooks ?? []).map(({ manifest = '', events = [], last_run: run }) => {
      const startedAt = readTime(run?.started_at);
      return {
        manifest,
        events,
        lastRun:
          startedAt === null
            ? null
            : { startedAt, completedAt: readTime(run?.completed_at), phase: run?.phase ?? '' },
      };
    }),
  };
}

/** Helm 3 writes a missing time as the empty string or as the year 1. */
function readTime(text: string | undefined): string | null {
  return text === undefined || text === '' || text.startsWith('0001-') ? null : text;
}

/**
 * A revision's record, packed as helm packs it, with the events of each hook replaced by the result of
 * `change`; everything else is unchanged. For `data.release` of its secret.
 *
 * @throws internal `RELEASE_RECORD`
 */
export async function packWithEvents(
  revision: ReleaseRevision,
  change: (index: number, events: readonly string[]) => readonly string[],
): Promise<string> {
  const stored = await unpack(revision);
  const hooks = (stored.hooks ?? []).map((hook, index) => ({
    ...hook,
    events: change(index, hook.events ?? []),
  }));
  return pack({ ...stored, hooks });
}

/**
 * The same, with another status; the caller also changes the label of the secret. @throws internal
 * `RELEASE_RECORD`
 */
export async function packWithStatus(revision: ReleaseRevision, status: string): Promise<string> {
  const stored = await unpack(revision);
  return pack({ ...stored, info: { ...stored.info, status } });
}

async function pack(stored: StoredRelease): Promise<string> {
  const zipped = await zip(JSON.stringify(stored));
  return Buffer.from(zipped.toString('base64'), 'latin1').toString('base64');
}

async function unpack(revision: ReleaseRevision): Promise<StoredRelease> {
  try {
    const inner = Buffer.from(Buffer.from(revision.packed, 'base64').toString('latin1'), 'base64');
    const zipped = inner[0] === 0x1f && inner[1] === 0x8b;
    return JSON.parse((zipped ? await unzip(inner) : inner).toString('utf8')) as StoredRelease;
  } catch {
    throw new WindlassError('internal', `helm’s record ${revision.secretName} cannot be read`, {
      code: 'RELEASE_RECORD',
      hint: 'it was written by a helm that this windlass does not know',
    });
  }
}
