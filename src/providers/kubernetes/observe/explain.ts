import { CLAIMS, EVENTS, PODS, resourcePath } from '../api/api-resources.ts';
import type { KubeClient } from '../api/kube-client.ts';
import type { KubeList, KubeObject, Pod, Workload } from '../api/kube-types.ts';
import { describeObject, nameOf } from '../manifest.ts';
import { explainPod, type PodReason } from './explain-pod.ts';
import { formatSelector } from './label-selector.ts';
import type { OpenObject } from './watch-ready.ts';

/** Why one object is not ready yet. */
export interface Explanation {
  readonly severity: PodReason['severity'];
  readonly reason: string;
  /** e.g. `Deployment web: 1 of 3 pods ready; pod web-1: ImagePullBackOff: …` */
  readonly words: string;
}

interface KubeEvent extends KubeObject {
  readonly type?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTimestamp?: string | null;
  readonly eventTime?: string | null;
  readonly count?: number;
}

const WITH_PODS: ReadonlySet<string> = new Set([
  'Deployment',
  'StatefulSet',
  'DaemonSet',
  'Job',
  'ReplicaSet',
]);

/** Reads the pods of an object that is waited for, and the events if the pods give no reason. */
export async function explainObject(
  client: KubeClient,
  { wanted, live, judgement }: OpenObject,
  namespace: string,
): Promise<Explanation> {
  const head = `${describeObject(wanted)}: ${judgement.seen}`;
  if (judgement.state === 'failed') return { severity: 'final', reason: 'Failed', words: head };
  if (judgement.refused === true) return { severity: 'stuck', reason: 'Refused', words: head };
  if (live === null) return { severity: 'waiting', reason: 'NotFound', words: judgement.seen };
  const own = live.kind === 'Pod' ? explainPod(live) : null;
  const found =
    own ?? (WITH_PODS.has(live.kind ?? '') ? await explainPods(client, live as Workload, namespace) : null);
  if (found !== null && found.severity !== 'waiting') {
    return { ...found, words: `${head}; ${found.words}` };
  }
  // A controller that is not allowed to create its pods reports that only in events.
  const event = await findWarning(client, live, namespace);
  if (event !== null) {
    const reason = event.reason ?? 'Warning';
    return { severity: 'stuck', reason, words: `${head}; ${reason}: ${event.message ?? ''}` };
  }
  return {
    severity: 'waiting',
    reason: found?.reason ?? 'Waiting',
    words: found === null ? head : `${head}; ${found.words}`,
  };
}

async function explainPods(
  client: KubeClient,
  workload: Workload,
  namespace: string,
): Promise<PodReason | null> {
  const pods = await listPods(client, workload, namespace);
  const reasons = pods.flatMap((pod) => explainPod(pod) ?? []);
  const order = ['final', 'stuck', 'waiting'];
  const [worst] = reasons.sort((left, right) => order.indexOf(left.severity) - order.indexOf(right.severity));
  if (worst === undefined) return null;
  const same = reasons.filter(({ reason }) => reason === worst.reason).length;
  const claim =
    worst.reason === 'Unschedulable' && /persistentvolumeclaim/i.test(worst.words)
      ? await explainClaims(client, workload, namespace)
      : null;
  const more = same > 1 ? ` (and ${same - 1} more pods)` : '';
  return { ...worst, words: `${worst.words}${more}${claim === null ? '' : `; ${claim}`}` };
}

/** The pods that match a workload's selector. */
export async function listPods(
  client: KubeClient,
  workload: Workload,
  namespace: string,
): Promise<readonly Pod[]> {
  const labelSelector = formatSelector(workload.spec?.selector);
  if (labelSelector === '') return [];
  const list = await client.send<KubeList<Pod>>({
    method: 'GET',
    path: resourcePath(PODS, namespace),
    query: { labelSelector },
    what: `list pods of ${nameOf(workload)}`,
  });
  return (list.items ?? []).map((pod) => ({ ...pod, kind: 'Pod', apiVersion: 'v1' }));
}

/** The reason why the volumes of a StatefulSet are not bound. */
async function explainClaims(
  client: KubeClient,
  workload: Workload,
  namespace: string,
): Promise<string | null> {
  const list = await client.send<KubeList>({
    method: 'GET',
    path: resourcePath(CLAIMS, namespace),
    query: { labelSelector: formatSelector(workload.spec?.selector) },
    what: `list persistentvolumeclaims of ${nameOf(workload)}`,
  });
  for (const item of list.items ?? []) {
    const claim: KubeObject = { ...item, kind: 'PersistentVolumeClaim' };
    if ((item['status'] as { phase?: string } | undefined)?.phase === 'Bound') continue;
    const event = await findWarning(client, claim, namespace);
    if (event !== null)
      return `PersistentVolumeClaim ${nameOf(claim)}: ${event.reason ?? ''}: ${event.message ?? ''}`;
  }
  return null;
}

/** The newest warning about an object; null if there is none, or if events may not be read. */
export async function findWarning(
  client: KubeClient,
  object: KubeObject,
  namespace: string,
): Promise<KubeEvent | null> {
  const events = await listEvents(
    client,
    namespace,
    `involvedObject.name=${nameOf(object)},involvedObject.kind=${object.kind ?? ''}`,
  );
  return events.findLast((event) => event.type === 'Warning') ?? null;
}

/** Events of a namespace, oldest first; none if they may not be read: they are used only for explanations. */
export async function listEvents(
  client: KubeClient,
  namespace: string,
  fieldSelector: string,
): Promise<readonly KubeEvent[]> {
  try {
    const list = await client.send<KubeList<KubeEvent>>({
      method: 'GET',
      path: resourcePath(EVENTS, namespace),
      query: { fieldSelector },
      what: 'list events',
    });
    return [...(list.items ?? [])].sort((left, right) => timeOf(left) - timeOf(right));
  } catch (error) {
    if (isForbidden(error)) return [];
    throw error;
  }
}

function timeOf(event: KubeEvent): number {
  return Date.parse(event.lastTimestamp ?? event.eventTime ?? event.metadata?.creationTimestamp ?? '') || 0;
}

export function isForbidden(error: unknown): boolean {
  return (
    typeof error === 'object' && error !== null && 'code' in error && error.code === 'KUBERNETES_FORBIDDEN'
  );
}
