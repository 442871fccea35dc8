import type {
  EffectCall,
  HandleResult,
  ObserveCall,
  Observation,
  TaskContext,
} from '../../../provider/index.ts';
import { resourcePath } from '../api/api-resources.ts';
import type { KubeRequest } from '../api/kube-client.ts';
import type { KubeObject, Workload } from '../api/kube-types.ts';
import { STOPPED_NODE_LABEL } from '../helm/overrides.ts';
import type { ReleaseRevision } from '../helm/release-record.ts';
import { nameOf } from '../manifest.ts';
import { observeReady } from '../observe/observe-release.ts';
import { isOfRelease } from '../ownership.ts';
import { isWorkloadKind } from '../workloads.ts';
import { listPodsOf } from './left-objects.ts';
import {
  openScope,
  releaseGone,
  requireRow,
  type KubernetesDependencies,
  type ReleaseScope,
} from './release-scope.ts';
import { readCounts, writeCounts, type StoppedCounts } from './stopped-counts.ts';
import { readObjects } from '../helm/release-objects.ts';
import { findNewest } from './wait-release.ts';
import type { WorkloadCount, WorkloadsDirective } from '../release-tasks.ts';

type WorkloadsScope = ReleaseScope<WorkloadsDirective>;

/** How long one poll watches for pods that are being removed. */
const GOING_MS = 1_000;

/**
 * Scales everything to zero. The counts before are first written into the release's record, once, so that
 * an attempt after a crash still finds them. A release that is gone counts as stopped.
 */
export async function stopWorkloads(
  dependencies: KubernetesDependencies,
  context: TaskContext<'StopWorkloads'>,
  call: EffectCall,
): Promise<HandleResult> {
  const scope = await openScope(dependencies, context, call);
  const newest = await findNewest(scope);
  if (newest === undefined) return { state: 'done' };
  const live = await readWorkloads(scope, newest);
  if (readCounts([newest]) === null) {
    const counts = Object.fromEntries(live.map((workload) => [keyOf(workload), countOf(workload, scope)]));
    await writeCounts(scope, newest, counts, call);
  }
  for (const workload of live) {
    if (!isStopped(workload)) await patchWorkload(scope, workload, stopPatch(workload), call);
  }
  return { state: 'started' };
}

/** Done when no pod of any workload is left. */
export async function waitForNoPods(
  dependencies: KubernetesDependencies,
  context: TaskContext<'StopWorkloads'>,
  call: ObserveCall,
): Promise<Observation> {
  const scope = await openScope(dependencies, context, call);
  const newest = await findNewest(scope);
  if (newest === undefined) return { state: 'done' };
  const live = await readWorkloads(scope, newest);
  const running = live.filter((workload) => !isStopped(workload));
  if (running.length > 0) {
    return {
      state: 'pending',
      seen: `${running.map(keyOf).join(', ')} not scaled to zero yet`,
      retryAfterMs: 500,
    };
  }
  const pods = (await Promise.all(live.map((workload) => listPodNames(scope, workload)))).flat();
  if (pods.length === 0) return { state: 'done' };
  const shown = `${pods.slice(0, 3).join(', ')}${pods.length > 3 ? ' …' : ''}`;
  return {
    state: 'pending',
    seen: `${pods.length} pods still exist: ${shown}`,
    retryAfterMs: GOING_MS / 4,
  };
}

/** Restores the counts that the release's record holds; the stored counts where it holds none. */
export async function startWorkloads(
  dependencies: KubernetesDependencies,
  context: TaskContext<'StartWorkloads'>,
  call: EffectCall,
): Promise<HandleResult> {
  const scope = await openScope(dependencies, context, call);
  const newest = await findNewest(scope);
  // A release that does not exist can be recovered, but not started.
  if (newest === undefined) throw releaseGone(scope);
  const counts = readCounts([newest]);
  for (const workload of await readWorkloads(scope, newest)) {
    if (isStopped(workload)) {
      const patch = startPatch(workload, countToStart(workload, counts, scope.directive.workloads));
      await patchWorkload(scope, workload, patch, call);
    }
  }
  // Last: as long as the annotation is there, the next attempt continues.
  if (counts !== null) await writeCounts(scope, newest, null, call);
  return { state: 'started' };
}

/** Has every pod of the given workloads replaced, in the way that each kind rolls out. */
export async function restartWorkloads(
  dependencies: KubernetesDependencies,
  context: TaskContext<'RestartWorkloads'>,
  call: EffectCall,
): Promise<HandleResult> {
  const scope = await openScope(dependencies, context, call);
  const newest = await findNewest(scope);
  if (newest === undefined) throw releaseGone(scope);
  for (const workload of await readWorkloads(scope, newest)) {
    if (!isNamed(workload, scope.directive.workloads)) continue;
    // The job's id: however often the task is attempted, the pods are replaced once.
    const annotations = workload.spec?.template?.metadata?.annotations ?? {};
    if (annotations[RESTARTED_BY] === context.job.jobId) continue;
    const patch = {
      spec: { template: { metadata: { annotations: { [RESTARTED_BY]: context.job.jobId } } } },
    };
    await patchWorkload(scope, workload, patch, call);
  }
  return { state: 'started' };
}

const RESTARTED_BY = 'windlass/restarted-by';

/** Done when nothing is stopped any more and every workload is ready. */
export async function waitForStart(
  dependencies: KubernetesDependencies,
  context: TaskContext<'StartWorkloads'>,
  call: ObserveCall,
): Promise<Observation> {
  const scope = await openScope(dependencies, context, call);
  const newest = await findNewest(scope);
  if (newest === undefined) throw releaseGone(scope);
  if (readCounts([newest]) !== null) {
    return { state: 'pending', seen: `release ${newest.name} is stopped`, retryAfterMs: 500 };
  }
  return observeWorkloads(scope, newest, call);
}

/** Done when every given workload has pods that this job created, all of them ready. */
export async function waitForRestart(
  dependencies: KubernetesDependencies,
  context: TaskContext<'RestartWorkloads'>,
  call: ObserveCall,
): Promise<Observation> {
  const scope = await openScope(dependencies, context, call);
  const newest = await findNewest(scope);
  if (newest === undefined) throw releaseGone(scope);
  if (call.cursor === undefined) {
    const left = (await readWorkloads(scope, newest)).filter(
      (workload) =>
        isNamed(workload, scope.directive.workloads) &&
        workload.spec?.template?.metadata?.annotations?.[RESTARTED_BY] !== context.job.jobId,
    );
    if (left.length > 0) {
      return {
        state: 'pending',
        seen: `${left.map(keyOf).join(', ')} still has its old pods`,
        retryAfterMs: 500,
      };
    }
  }
  return observeWorkloads(scope, newest, call);
}

async function observeWorkloads(
  scope: ReleaseScope,
  revision: ReleaseRevision,
  call: ObserveCall,
): Promise<Observation> {
  return observeReady(
    scope,
    (await readObjects(revision)).filter((object) => isWorkloadKind(object.kind)),
    call,
  );
}

/**
 * The live workloads of a revision; one that does not exist, or belongs to another owner under the same
 * name, is left out.
 */
export async function readWorkloads(
  scope: ReleaseScope,
  revision: ReleaseRevision,
): Promise<readonly Workload[]> {
  const wanted = (await readObjects(revision)).filter((object) => isWorkloadKind(object.kind));
  const live = await Promise.all(wanted.map((object) => findWorkload(scope, object)));
  return live.filter((workload) => workload !== null).filter((workload) => isOfRelease(workload, revision));
}

async function findWorkload(scope: ReleaseScope, object: KubeObject): Promise<Workload | null> {
  const path = await pathOf(scope, object);
  return path === null ? null : scope.client.find<Workload>({ method: 'GET', path });
}

async function pathOf({ kinds, directive }: ReleaseScope, object: KubeObject): Promise<string | null> {
  const resource = await kinds.find(object.apiVersion ?? '', object.kind ?? '');
  if (resource === null) return null;
  return resourcePath(resource, object.metadata?.namespace ?? directive.namespace, nameOf(object));
}

async function patchWorkload(
  scope: ReleaseScope,
  workload: Workload,
  body: unknown,
  call: EffectCall,
): Promise<void> {
  const path = await pathOf(scope, workload);
  if (path === null) return;
  const request: KubeRequest = {
    method: 'PATCH',
    path,
    query: { fieldManager: 'windlass' },
    contentType: 'application/merge-patch+json',
    body,
    what: `patch ${keyOf(workload)}`,
  };
  await call.effect(requireRow(scope).token, () => scope.client.find(request));
}

function keyOf(workload: Workload): string {
  return `${workload.kind ?? ''}/${nameOf(workload)}`;
}

function isStopped(workload: Workload): boolean {
  if (workload.kind !== 'DaemonSet') return workload.spec?.replicas === 0;
  const pod = workload.spec?.template?.spec as
    | { nodeSelector?: Readonly<Record<string, string>> }
    | undefined;
  return pod?.nodeSelector?.[STOPPED_NODE_LABEL] !== undefined;
}

function stopPatch(workload: Workload): unknown {
  if (workload.kind !== 'DaemonSet') return { spec: { replicas: 0 } };
  return { spec: { template: { spec: { nodeSelector: { [STOPPED_NODE_LABEL]: 'true' } } } } };
}

function startPatch(workload: Workload, replicas: number): unknown {
  if (workload.kind !== 'DaemonSet') return { spec: { replicas } };
  return { spec: { template: { spec: { nodeSelector: { [STOPPED_NODE_LABEL]: null } } } } };
}

/** A workload that is at zero although no stop was made gets the stored count back. */
function countOf(workload: Workload, { directive }: WorkloadsScope): number {
  const { replicas } = workload.spec ?? {};
  return replicas ?? storedCount(workload, directive.workloads);
}

function countToStart(
  workload: Workload,
  counts: StoppedCounts | null,
  stored: readonly WorkloadCount[],
): number {
  return counts?.[keyOf(workload)] ?? storedCount(workload, stored);
}

function storedCount(workload: Workload, stored: readonly WorkloadCount[]): number {
  return stored.find(({ kind, name }) => `${kind}/${name}` === keyOf(workload))?.replicas ?? 1;
}

function isNamed(workload: Workload, named: readonly WorkloadCount[]): boolean {
  return named.some(({ kind, name }) => `${kind}/${name}` === keyOf(workload));
}

async function listPodNames(scope: ReleaseScope, workload: Workload): Promise<readonly string[]> {
  // A pod that has ended no longer runs, however long its record stays.
  return (await listPodsOf(scope, workload))
    .filter((pod) => !['Succeeded', 'Failed'].includes(pod.status?.phase ?? ''))
    .map(nameOf);
}
