import type { KubeObject, Pod, Workload } from './api/kube-types.ts';
import type { HookRun, ReleaseRevision } from './helm/release-record.ts';
import { nameOf, RESOURCE_POLICY } from './manifest.ts';

// The one place that decides which objects belong to a release. A delete by windlass itself touches
// nothing that is not proved here; a name alone is no proof.

/**
 * Whether helm keeps an object when its release is uninstalled. Helm keeps objects whose annotation says
 * `keep`, in any case, and also skips every object that has the annotation with another value.
 */
export function isKept(object: KubeObject): boolean {
  return object.metadata?.annotations?.[RESOURCE_POLICY] !== undefined;
}

/** Whether helm has recorded on a live object that it belongs to this release. */
export function isOfRelease(live: KubeObject, release: Pick<ReleaseRevision, 'name' | 'namespace'>): boolean {
  const annotations = live.metadata?.annotations ?? {};
  return (
    annotations['meta.helm.sh/release-name'] === release.name &&
    annotations['meta.helm.sh/release-namespace'] === release.namespace
  );
}

/** Deleting one also deletes what others have created in it or with it: helm never deletes such hooks. */
const OF_MANY: ReadonlySet<string> = new Set(['CustomResourceDefinition', 'Namespace']);

/**
 * How far the clocks of a worker and of the API server may differ once their known difference is
 * subtracted.
 */
const CLOCK_MS = 1_000;
/** Helm creates the hook's object right after it has recorded that the hook runs. */
const SEND_MS = 60_000;

/**
 * Whether a live object was created by a run of a hook that helm has recorded: created during that run, by
 * helm, and with the labels and annotations of the hook. An object that existed before, or was created
 * later, only has the same name.
 *
 * @param clockAheadMs by how much the API server's clock is ahead of the clock of the worker that wrote
 * the run
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
  // The time of creation is in whole seconds, rounded down. No tolerance at the end: an object that
  // another release has created right after it does not belong to this one; leaving an object of a hook
  // behind does less harm.
  return made >= toSecond(started - CLOCK_MS) && made <= ended;
}

/**
 * Whether a manager other than helm wrote to an object in the second in which it was created: then that
 * one may have created it, and helm only applied its hook to it. Status that controllers report does not
 * count.
 */
function isMadeByOther({ metadata }: KubeObject): boolean {
  const made = Date.parse(metadata?.creationTimestamp ?? '');
  return (metadata?.managedFields ?? []).some(
    ({ manager = '', subresource = '', time = '' }) =>
      !manager.startsWith('helm') && subresource === '' && !(Date.parse(time) > made),
  );
}

/** How the workloads of each kind name the owner of their pods. */
const POD_OWNERS: Readonly<Record<string, (name: string, pod: Pod) => readonly [string, string]>> = {
  Deployment: (name, pod) => ['ReplicaSet', `${name}-${pod.metadata?.labels?.['pod-template-hash'] ?? ''}`],
};

/**
 * Whether a pod was created by the controller of a workload: other pods may have the labels that it
 * selects.
 */
export function isPodOf(pod: Pod, workload: Workload): boolean {
  const kind = workload.kind ?? '';
  const [ownerKind, ownerName] = POD_OWNERS[kind]?.(nameOf(workload), pod) ?? [kind, nameOf(workload)];
  return (pod.metadata?.ownerReferences ?? []).some(
    (owner) => owner.kind === ownerKind && owner.name === ownerName,
  );
}

/** Whether a claim has the name that the controller gives to claims of a StatefulSet's pods. */
export function isNamedForSet(claim: KubeObject, set: Workload): boolean {
  return (set.spec?.volumeClaimTemplates ?? []).some((template) => {
    const head = `${nameOf(template)}-${nameOf(set)}-`;
    return nameOf(claim).startsWith(head) && /^\d+$/.test(nameOf(claim).slice(head.length));
  });
}

/** What is known of how a server creates claims. */
export interface ClaimOrigin {
  /** The manager names under which the controllers of this server write objects. */
  readonly controllers: readonly string[];
  /** When the cluster was requested, by the API server's clock. */
  readonly sinceMs: number;
}

/**
 * Whether a claim was created for the pods of one of these sets, by the controller, since the cluster
 * exists. A claim that was created by hand for the pods, or left by an earlier release of the same name,
 * is another owner's data.
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

/** A set's retention policy makes the set, or the pod that is removed first, the owner of its claims. */
function isOwnerOfClaim(kind: string | undefined, name: string | undefined, set: Workload): boolean {
  if (kind === 'StatefulSet') return name === nameOf(set);
  return kind === 'Pod' && name !== undefined && name.startsWith(`${nameOf(set)}-`);
}

/**
 * The managers that have written an object, or the given field of its spec, as the server has recorded
 * them.
 */
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
