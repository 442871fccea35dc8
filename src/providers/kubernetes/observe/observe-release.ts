import { WindlassError } from '../../../domain/index.ts';
import type { ObserveCall, Observation } from '../../../provider/index.ts';
import { isQuota } from '../api/kube-errors.ts';
import type { KubeObject } from '../api/kube-types.ts';
import type { ReleaseScope } from '../tasks/release-scope.ts';
import { describeObject, nameOf } from '../manifest.ts';
import { explainObject, listEvents, type Explanation } from './explain.ts';
import { groupKey, groupObjects, type ObjectGroup } from './live-objects.ts';
import { WAITED_KINDS } from './readiness.ts';
import { keyIn, judgeReady, lookAt, watchOpen, type Judge, type Sight } from './watch-ready.ts';

/** The longest time that one poll watches before it returns what it has seen. */
const LONGEST_WATCH_MS = 10_000;
const FIRST_WATCH_MS = 1_500;
const MAX_CURSOR_OBJECTS = 20;
const MAX_SHOWN = 3;

/** State that one poll passes to the next; plain JSON. */
interface Cursor {
  /** The resourceVersion from which each watch continues. */
  readonly versions: Readonly<Record<string, string>>;
  /** The objects that were not ready then; objects that are not named were ready. */
  readonly open: readonly string[];
  /** The reason why it was stuck, and since when. */
  readonly stuck: { readonly reason: string; readonly sinceMs: number } | null;
}

/**
 * One poll of the objects of a release: done when all of them are ready according to their own
 * controllers. The first poll lists; later ones continue from its resourceVersions with a watch of limited
 * time.
 *
 * @throws for what can never become ready: a failed Job, a deployment past its deadline, an image name
 * that is not valid; and for what has been stuck for longer than the runtime's `patienceSeconds`.
 */
export async function observeReady(
  scope: ReleaseScope,
  objects: readonly KubeObject[],
  call: ObserveCall,
  judge: Judge = judgeReady,
): Promise<Observation> {
  const { client, kinds, directive } = scope;
  const waited = objects.filter((object) => judge !== judgeReady || WAITED_KINDS.has(object.kind ?? ''));
  const groups = await groupObjects(kinds, waited, directive.namespace);
  const cursor = readCursor(call.cursor);
  const first = cursor === null ? await lookAt(client, groups, judge) : resume(groups, cursor);
  const watchMs = Math.min(call.watchMs, cursor === null ? FIRST_WATCH_MS : LONGEST_WATCH_MS);
  const watched =
    isSettled(first) || watchMs <= 0 ? first : await watchOpen(client, groups, first, judge, watchMs);
  // Objects that were not ready must be read again to be explained; a watch reports only changes.
  const sight =
    watched !== null && (isSettled(watched) || cursor === null)
      ? watched
      : await lookAt(client, groups, judge);
  const open = await withoutLateClaims(scope, sight);
  if (open.open.size === 0) return { state: 'done' };
  return explain(scope, waited.length, open, cursor);
}

/**
 * A claim whose storage class binds at first use can become no readier: the pods that use it are waited
 * for.
 */
async function withoutLateClaims({ client, directive }: ReleaseScope, sight: Sight): Promise<Sight> {
  const open = new Map(sight.open);
  for (const [key, { wanted, live }] of sight.open) {
    if (live?.kind !== 'PersistentVolumeClaim') continue;
    const namespace = wanted.metadata?.namespace ?? directive.namespace;
    const events = await listEvents(
      client,
      namespace,
      `involvedObject.name=${nameOf(live)},involvedObject.kind=${live.kind}`,
    );
    if (events.at(-1)?.reason === 'WaitForFirstConsumer') open.delete(key);
  }
  return { ...sight, open };
}

function isSettled({ open }: Sight): boolean {
  return open.size === 0 || [...open.values()].some(({ judgement }) => judgement.state === 'failed');
}

async function explain(
  scope: ReleaseScope,
  total: number,
  sight: Sight,
  cursor: Cursor | null,
): Promise<Observation> {
  const { client, directive, settings } = scope;
  const shown = [...sight.open.values()].slice(0, MAX_SHOWN);
  const reasons = await Promise.all(
    shown.map((open) => explainObject(client, open, open.wanted.metadata?.namespace ?? directive.namespace)),
  );
  const final = reasons.find(({ severity }) => severity === 'final');
  if (final !== undefined) throw neverReady(final, 0);
  const stuck = reasons.find(({ severity }) => severity === 'stuck') ?? null;
  const since = stuck === null ? null : keepSince(cursor, stuck);
  if (stuck !== null && since !== null && Date.now() - since.sinceMs > settings.patienceMs) {
    throw neverReady(stuck, Date.now() - since.sinceMs);
  }
  const more = sight.open.size > shown.length ? `; and ${sight.open.size - shown.length} more` : '';
  const words = reasons.map(({ words: one }) => one).join('; ');
  return {
    state: 'pending',
    seen: `${total - sight.open.size} of ${total} ready; ${words}${more}`.slice(0, 1_500),
    retryAfterMs: 200,
    ...(sight.open.size > MAX_CURSOR_OBJECTS ? {} : { cursor: toCursor(sight, since) }),
  };
}

/** Reasons of one family continue each other: a failed image pull, and the pause before the next pull. */
function keepSince(cursor: Cursor | null, { reason }: Explanation): { reason: string; sinceMs: number } {
  const before = cursor?.stuck ?? null;
  return before === null ? { reason, sinceMs: Date.now() } : { reason, sinceMs: before.sinceMs };
}

/** The error for what was stuck for too long, or can never become ready. */
export function neverReady({ words, reason }: Explanation, afterMs: number): WindlassError {
  const waited = afterMs === 0 ? '' : ` (for ${Math.round(afterMs / 1000)} s)`;
  const quota = isQuota(words);
  return new WindlassError(quota ? 'quota' : 'conflict', `${words}${waited}`, {
    code: quota
      ? 'KUBERNETES_QUOTA'
      : reason === 'Unschedulable'
        ? 'POD_UNSCHEDULABLE'
        : 'WORKLOAD_NOT_READY',
    hint: quota
      ? 'raise the namespace’s ResourceQuota or LimitRange, or ask for less'
      : 'fix the cause, then recover the cluster or delete it',
  });
}

function toCursor({ open, versions }: Sight, stuck: Cursor['stuck']): Cursor {
  return { versions, open: [...open.keys()], stuck };
}

function readCursor(cursor: unknown): Cursor | null {
  return typeof cursor === 'object' && cursor !== null && 'versions' in cursor ? (cursor as Cursor) : null;
}

/**
 * The objects that the cursor lists as not ready, without reading them again: the watch reports what has
 * changed since.
 */
function resume(groups: readonly ObjectGroup[], cursor: Cursor): Sight {
  const open = groups.flatMap((group) =>
    group.wanted
      .filter((wanted) => cursor.open.includes(keyIn(group, wanted)))
      .map((wanted) => {
        const judgement = { state: 'waiting' as const, seen: `${describeObject(wanted)} did not exist yet` };
        return [keyIn(group, wanted), { wanted, live: null, judgement }] as const;
      }),
  );
  const versions = Object.fromEntries(
    groups.map((group) => [groupKey(group), cursor.versions[groupKey(group)] ?? '']),
  );
  return { open: new Map(open), versions };
}
