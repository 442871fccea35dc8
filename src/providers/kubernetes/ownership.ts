import type { KubeObject, Pod, Workload } from './api/kube-types.ts';
import type { HookRun, ReleaseRevision } from './helm/release-record.ts';
import { nameOf, RESOURCE_POLICY } from './manifest.ts';

// The one place that decides what is a release's own. A delete by windlass itself touches nothing
// that is not proved here: a name alone proves nothing.

/**
 * Whether helm leaves an object alone when its release is uninstalled. It keeps what says `keep`, in
 * whatever case, and passes over every object that bears the annotation with another value too.
 */
export function isKept(object: KubeObject): boolean {
  return object.metadata?.annotations?.[RESOURCE_POLICY] !== undefined;
}

/** Whether helm has written into a live object that it is of this release. */
export function isOfRelease(live: KubeObject, release: Pick<ReleaseRevision, 'name' | 'namespace'>): boolean {
  const annotations = live.metadata?.annotations ?? {};
  return (
    annotations['meta.helm.sh/release-name'] === release.name &&
    annotations['meta.helm.sh/release-namespace'] === release.namespace
  );
}

/** Deleting one takes along what others have made of it or in it: helm never deletes such hooks. */
const OF_MANY: ReadonlySet<string> = new Set(['CustomResourceDefinition', 'Namespace']);

/** The clocks of a worker and of the API server agree within this, once their difference is known. */
const CLOCK_MS = 1_000;
/** Helm sends a hook right after it has written that the hook runs. */
const SEND_MS = 60_000;

/**
 * Whether a live object was made by a run of a hook that helm has recorded: made during that run, by
 * helm, and with the labels and annotations of the hook. What was there before, or was made since,
 * merely bears its name.
 *
 * @param clockAheadMs by how much the API server's clock is ahead of the worker's, which wrote the run
 */
export function isMadeByHook(
  live: KubeObject,
  hook: KubeObject,
  run: HookRun,
  release: Pick<ReleaseRevision, 'name' | 'namespace'>,
  clockAheadMs: number,
): boolean {
  if (OF_MANY.has(hook.kind ?? '') || isKept(hook) || isKept(live)) return false;
  const { annotations = {}, labels = {}, ownerReferences = [] } = live.metadata ?? {};
  if (annotations['meta.helm.sh/release-name'] !== undefined && !isOfRelease(live, release)) return false;
  if (ownerReferences.length > (hook.metadata?.ownerReferences?.length ?? 0)) return false;
  if (!includes(labels, hook.metadata?.labels) || !includes(annotations, hook.metadata?.annotations)) {
    return false;
  }
  if (!listManagers(live).some((manager) => manager.startsWith('helm'))) return false;
  if (isMadeByOther(live)) return false;
  const made = Date.parse(live.metadata?.creationTimestamp ?? '');
  const started = Date.parse(run.startedAt) + clockAheadMs;
  const ended = Math.min(
    started + SEND_MS,
    run.completedAt === null ? Infinity : Date.parse(run.completedAt) + clockAheadMs,
  );
  // The time of making is in whole seconds, cut off. No slack at the end: what another release has
  // made right after it is not this one's; something of a hook left behind is the smaller harm.
  return made >= toSecond(started - CLOCK_MS) && made <= ended;
}

/**
 * Whether somebody else than helm wrote to an object in the second in which it was made: then that one
 * may have made it, and helm only applied its hook to it. What controllers report as status does not count.
 */
function isMadeByOther({ metadata }: KubeObject): boolean {
  const made = Date.parse(metadata?.creationTimestamp ?? '');
  return (metadata?.managedFields ?? []).some(
    ({ manager = '', subresource = '', time = '' }) =>
      !manager.startsWith('helm') && subresource === '' && !(Date.parse(time) > made),
  );
}

/** By how the workloads of each kind name what owns their pods. */
const POD_OWNERS: Readonly<Record<string, (name: string, pod: Pod) => readonly [string, string]>> = {
  Deployment: (name, pod) => ['ReplicaSet', `${name}-${pod.metadata?.labels?.['pod-template-hash'] ?? ''}`],
};

/** Whether a pod was made by the controller of a workload: others may bear the labels that it selects. */
export function isPodOf(pod: Pod, workload: Workload): boolean {
  const kind = workload.kind ?? '';
  const [ownerKind, ownerName] = POD_OWNERS[kind]?.(nameOf(workload), pod) ?? [kind, nameOf(workload)];
  return (pod.metadata?.ownerReferences ?? []).some(
    (owner) => owner.kind === ownerKind && owner.name === ownerName,
  );
}

/** Whether a claim is named as the controller names those that it makes for a StatefulSet's pods. */
export function isNamedForSet(claim: KubeObject, set: Workload): boolean {
  return (set.spec?.volumeClaimTemplates ?? []).some((template) => {
    const head = `${nameOf(template)}-${nameOf(set)}-`;
    return nameOf(claim).startsWith(head) && /^\d+$/.test(nameOf(claim).slice(head.length));
  });
}

/** What is known of how claims come to be on a server. */
export interface ClaimOrigin {
  /** Under which names the controllers of this server make objects. */
  readonly controllers: readonly string[];
  /** When the cluster was asked for, by the API server's clock. */
  readonly sinceMs: number;
}

/**
 * Whether a claim was made for the pods of one of these sets by its controller, since the cluster
 * exists. One that was put there for the pods to find, or was left by a release of the same name
 * before, is somebody's data.
 */
export function isMadeForSet(claim: KubeObject, set: Workload, origin: ClaimOrigin): boolean {
  if (isKept(claim) || !isNamedForSet(claim, set)) return false;
  if (!includes(claim.metadata?.labels ?? {}, set.spec?.selector?.matchLabels)) return false;
  const owners = claim.metadata?.ownerReferences ?? [];
  if (owners.some(({ kind, name }) => !isOwnerOfClaim(kind, name, set))) return false;
  const makers = listManagers(claim, 'accessModes');
  if (makers.length === 0 || !makers.every((maker) => origin.controllers.includes(maker))) return false;
  return Date.parse(claim.metadata?.creationTimestamp ?? '') >= toSecond(origin.sinceMs - CLOCK_MS);
}

/** A set's retention policy makes the set, or the pod that is to go first, the owner of its claims. */
function isOwnerOfClaim(kind: string | undefined, name: string | undefined, set: Workload): boolean {
  if (kind === 'StatefulSet') return name === nameOf(set);
  return kind === 'Pod' && name !== undefined && name.startsWith(`${nameOf(set)}-`);
}

/** Who has written an object, or the one field of its spec that is named, as the server has noted it. */
export function listManagers(object: KubeObject, specField?: string): readonly string[] {
  return (object.metadata?.managedFields ?? [])
    .filter(({ subresource, fieldsV1 }) => {
      if (subresource !== undefined && subresource !== '') return false;
      return specField === undefined || fieldsV1?.['f:spec']?.[`f:${specField}`] !== undefined;
    })
    .map(({ manager = '' }) => manager);
}

function includes(
  all: Readonly<Record<string, string>>,
  some: Readonly<Record<string, string>> | undefined,
): boolean {
  return Object.entries(some ?? {}).every(([key, value]) => all[key] === value);
}

function toSecond(ms: number): number {
  return Math.floor(ms / 1000) * 1000;
}
