import type { ContainerStatus, Pod } from '../api/kube-types.ts';
import { nameOf } from '../manifest.ts';
import { findCondition } from './readiness.ts';

/** Why a pod is not ready. */
export interface PodReason {
  /** `final`: it can never become ready. `stuck`: it will probably not become ready without help. */
  readonly severity: 'final' | 'stuck' | 'waiting';
  /** Kubernetes' own reason, e.g. `ImagePullBackOff`. */
  readonly reason: string;
  readonly words: string;
}

const FINAL: ReadonlySet<string> = new Set(['InvalidImageName', 'ErrImageNeverPull']);
const STUCK: ReadonlySet<string> = new Set([
  'ImagePullBackOff',
  'ErrImagePull',
  'ImageInspectError',
  'RegistryUnavailable',
  'CrashLoopBackOff',
  'CreateContainerConfigError',
  'CreateContainerError',
  'RunContainerError',
  'PreStartHookError',
  'PostStartHookError',
]);

/** Null for a pod that is ready, completed, or being deleted. */
export function explainPod(pod: Pod): PodReason | null {
  const { status = {}, metadata } = pod;
  if (metadata?.deletionTimestamp !== undefined || status.phase === 'Succeeded') return null;
  const name = nameOf(pod);
  const make = (severity: PodReason['severity'], reason: string, detail: string): PodReason => {
    const text = detail === '' ? reason : `${reason}: ${detail}`;
    return { severity, reason, words: `pod ${name}: ${text}` };
  };
  if (status.phase === 'Failed') {
    const ended = (status.containerStatuses ?? [])
      .map((container) => container.state?.terminated)
      .find(Boolean);
    const reason = status.reason ?? ended?.reason ?? 'Failed';
    return make('stuck', reason, status.message ?? describeExit(ended?.exitCode));
  }
  const scheduled = findCondition(status.conditions, 'PodScheduled');
  if (scheduled?.status === 'False') {
    const reason = scheduled.reason ?? 'Unschedulable';
    return make(reason === 'SchedulingGated' ? 'waiting' : 'stuck', reason, scheduled.message ?? '');
  }
  const containers = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])];
  for (const container of containers) {
    const found = explainContainer(container, pod);
    if (found !== null) return make(found.severity, found.reason, found.detail);
  }
  if (findCondition(status.conditions, 'Ready')?.status === 'True') return null;
  if (status.phase === 'Running')
    return make('waiting', 'NotReady', 'it runs, but its readiness probe does not succeed yet');
  return make('waiting', status.phase ?? 'Pending', '');
}

interface ContainerReason {
  readonly severity: PodReason['severity'];
  readonly reason: string;
  readonly detail: string;
}

function explainContainer(container: ContainerStatus, pod: Pod): ContainerReason | null {
  const { waiting, terminated } = container.state ?? {};
  const last = container.lastState?.terminated;
  if (waiting?.reason !== undefined) {
    const { reason } = waiting;
    const severity = FINAL.has(reason) ? 'final' : STUCK.has(reason) ? 'stuck' : 'waiting';
    if (severity === 'waiting') return null;
    const detail = reason.includes('Image')
      ? `image ${imageOf(container, pod)}: ${waiting.message ?? 'it cannot be pulled'}`
      : [
          waiting.message,
          last === undefined
            ? ''
            : `it ended with ${last.reason ?? ''} ${describeExit(last.exitCode)}`.trim(),
        ]
          .filter((part) => part !== undefined && part !== '')
          .join('; ');
    return { severity, reason, detail: `container ${container.name ?? ''}, ${detail}` };
  }
  if (terminated !== undefined && terminated.exitCode !== 0) {
    const reason = terminated.reason ?? 'Error';
    return {
      severity: 'stuck',
      reason,
      detail: `container ${container.name ?? ''} ${describeExit(terminated.exitCode)}`,
    };
  }
  return null;
}

function imageOf(container: ContainerStatus, pod: Pod): string {
  const all = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])];
  return all.find(({ name }) => name === container.name)?.image ?? '?';
}

function describeExit(code: number | undefined): string {
  return code === undefined ? '' : `with exit code ${code}`;
}
