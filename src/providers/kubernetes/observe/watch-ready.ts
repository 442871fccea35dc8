import { resourcePath } from '../api/api-resources.ts';
import type { KubeClient } from '../api/kube-client.ts';
import type { KubeObject } from '../api/kube-types.ts';
import { describeObject, nameOf } from '../manifest.ts';
import { groupKey, keyOf, listGroup, selectGroup, type ObjectGroup } from './live-objects.ts';
import { judgeObject, type Judgement } from './readiness.ts';

/** Judges a desired object; `live` is null if it does not exist. */
export type Judge = (live: KubeObject | null, wanted: KubeObject) => Judgement;

/** What was observed of every object that is waited for. */
export interface Sight {
  /** By key; objects that are ready are left out. */
  readonly open: ReadonlyMap<string, OpenObject>;
  /** By group: the resourceVersion from which the next watch continues. */
  readonly versions: Readonly<Record<string, string>>;
}

export interface OpenObject {
  readonly wanted: KubeObject;
  readonly live: KubeObject | null;
  readonly judgement: Judgement;
}

/** Ready according to its own controller; an object that does not exist yet is waited for. */
export const judgeReady: Judge = (live, wanted) =>
  live === null ? { state: 'waiting', seen: `${describeObject(wanted)} does not exist` } : judgeObject(live);

/** Reads every group once, in parallel. */
export async function lookAt(
  client: KubeClient,
  groups: readonly ObjectGroup[],
  judge: Judge,
): Promise<Sight> {
  const open = new Map<string, OpenObject>();
  const versions: Record<string, string> = {};
  await Promise.all(
    groups.map(async (group) => {
      const { byName, resourceVersion } = await listGroup(client, group);
      versions[groupKey(group)] = resourceVersion;
      for (const wanted of group.wanted) {
        const live = byName.get(nameOf(wanted)) ?? null;
        note(open, group, wanted, live, judge);
      }
    }),
  );
  return { open, versions };
}

/**
 * Watches the objects that are not ready until all are ready, one has failed for good, or the time is
 * over. Returns those that are still not ready; null if the server no longer knows the resourceVersion.
 */
export async function watchOpen(
  client: KubeClient,
  groups: readonly ObjectGroup[],
  sight: Sight,
  judge: Judge,
  watchMs: number,
): Promise<Sight | null> {
  const open = new Map(sight.open);
  const versions = { ...sight.versions };
  const settled = new AbortController();
  const until = AbortSignal.any([settled.signal, AbortSignal.timeout(watchMs)]);
  let forgotten = false;
  const isSettled = (): boolean =>
    open.size === 0 || [...open.values()].some(({ judgement }) => judgement.state === 'failed');
  const followed = groups.filter((group) => group.wanted.some((wanted) => open.has(keyIn(group, wanted))));
  await Promise.all(
    followed.map(async (group) => {
      const key = groupKey(group);
      const known = await client.watch(
        {
          path: resourcePath(group.resource, group.namespace),
          query: { ...selectGroup(group), resourceVersion: versions[key] ?? '' },
        },
        until,
        ({ type, object }) => {
          versions[key] = object.metadata?.resourceVersion ?? versions[key] ?? '';
          if (type === 'BOOKMARK') return false;
          const wanted = group.wanted.find((candidate) => nameOf(candidate) === nameOf(object));
          if (wanted === undefined) return false;
          note(open, group, wanted, type === 'DELETED' ? null : object, judge);
          if (isSettled()) settled.abort();
          return until.aborted;
        },
      );
      if (!known) {
        forgotten = true;
        settled.abort();
      }
    }),
  );
  return forgotten ? null : { open, versions };
}

function note(
  open: Map<string, OpenObject>,
  group: ObjectGroup,
  wanted: KubeObject,
  live: KubeObject | null,
  judge: Judge,
): void {
  const judgement = judge(live, wanted);
  const key = keyIn(group, wanted);
  if (judgement.state === 'ready') open.delete(key);
  else open.set(key, { wanted, live, judgement });
}

/** The name of an object within its group. */
export function keyIn(group: ObjectGroup, wanted: KubeObject): string {
  return keyOf(group.resource.kind, group.resource.namespaced ? group.namespace : '', nameOf(wanted));
}
