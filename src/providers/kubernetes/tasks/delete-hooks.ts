import type { EffectCall } from '../../../provider/index.ts';
import { resourcePath } from '../api/api-resources.ts';
import type { KubeObject } from '../api/kube-types.ts';
import {
  packWithEvents,
  readContent,
  type ReleaseHook,
  type ReleaseRevision,
} from '../helm/release-record.ts';
import { nameOf } from '../manifest.ts';
import { readManifest } from '../read-manifest.ts';
import { judgeObject } from '../observe/readiness.ts';
import { rewriteRecord } from './change-record.ts';
import { isOurs, requireRow, type ReleaseScope } from './release-scope.ts';

const BEFORE = 'pre-delete';
const AFTER = 'post-delete';

function isOfDelete(event: string): boolean {
  return event === BEFORE || event === AFTER;
}

/**
 * Changes helm's record so that an uninstall runs each of the chart's delete hooks at most once: removes
 * the hooks that already ran in an interrupted uninstall, and all delete hooks if the release was never
 * complete. Writes nothing if there is none to remove.
 *
 * @throws unavailable `RELEASE_BUSY` when another helm has changed the record meanwhile.
 */
export async function removeRanHooks(
  scope: ReleaseScope,
  revision: ReleaseRevision,
  call: EffectCall,
): Promise<void> {
  const { deletedAt, hooks } = await readContent(revision);
  const spent = await findSpent(scope, revision, hooks, deletedAt);
  if (spent.size === 0) return;
  const packed = await packWithEvents(revision, (index, events) =>
    events.filter((event) => spent.get(index)?.includes(event) !== true),
  );
  call.log('removing delete hooks from helm’s record', {
    release: revision.name,
    status: revision.status,
    hooks: spent.size,
  });
  const what = `remove hooks from helm’s record ${revision.secretName}`;
  await rewriteRecord(scope, revision, { release: packed, what }, call);
}

/** By the hook's position: its events that must not run again. */
async function findSpent(
  scope: ReleaseScope,
  revision: ReleaseRevision,
  hooks: readonly ReleaseHook[],
  deletedAt: string | null,
): Promise<ReadonlyMap<number, readonly string[]>> {
  const deleting = hooks
    .map((hook, index) => ({ hook, index, own: hook.events.filter(isOfDelete) }))
    .filter(({ own }) => own.length > 0);
  const spent = new Map<number, readonly string[]>();
  if (deleting.length === 0) return spent;
  const cut = revision.status === 'uninstalling';
  if (!cut && (revision.status === 'deployed' || (await wasWhole(scope)))) return spent;
  for (const { hook, index, own } of deleting) {
    if (!cut) spent.set(index, own);
    else if (await hasRun(scope, revision, hook, deletedAt)) {
      // A hook of both events has run for the event that comes first.
      spent.set(index, own.includes(BEFORE) ? [BEFORE] : own);
    }
  }
  return spent;
}

/** If no revision of a release was ever completed, its hooks have nothing to clean up. */
async function wasWhole(scope: ReleaseScope): Promise<boolean> {
  const row = requireRow(scope);
  return (await scope.listRevisions()).some(
    (revision) =>
      isOurs(revision, row) && (revision.status === 'deployed' || revision.status === 'superseded'),
  );
}

/**
 * Whether a hook has completed since the deletion began. Helm records that a hook has begun, and records
 * how it ended only with its next write: for an interrupted one, the server is asked.
 */
async function hasRun(
  scope: ReleaseScope,
  revision: ReleaseRevision,
  { lastRun, manifest }: ReleaseHook,
  deletedAt: string | null,
): Promise<boolean> {
  if (lastRun === null || deletedAt === null) return false;
  if (Date.parse(lastRun.startedAt) < Date.parse(deletedAt)) return false;
  if (lastRun.phase === 'Succeeded') return true;
  if (lastRun.phase !== 'Running') return false;
  const [object] = await readManifest(manifest);
  return object !== undefined && (await isDone(scope, revision, object));
}

async function isDone(
  { client, kinds }: ReleaseScope,
  revision: ReleaseRevision,
  object: KubeObject,
): Promise<boolean> {
  const resource = await kinds.find(object.apiVersion ?? '', object.kind ?? '');
  if (resource === null) return false;
  const namespace = object.metadata?.namespace ?? revision.namespace;
  const live = await client.find<KubeObject>({
    method: 'GET',
    path: resourcePath(resource, namespace, nameOf(object)),
  });
  return live !== null && judgeObject(live).state === 'ready';
}
