import type {
  Condition,
  KubeObject,
  PersistentVolumeClaim,
  Pod,
  Service,
  Workload,
} from '../api/kube-types.ts';

/** The state of one object according to itself. */
export interface Judgement {
  readonly state: 'ready' | 'waiting' | 'failed';
  /** For users, e.g. `1 of 3 pods ready`. */
  readonly seen: string;
  /** Its controller is refused something: pods beyond a quota, pods that a policy forbids. */
  readonly refused?: true;
}

/** Kinds that are waited for; every other object is ready as soon as the server has accepted it. */
export const WAITED_KINDS: ReadonlySet<string> = new Set([
  'Deployment',
  'StatefulSet',
  'DaemonSet',
  'Job',
  'Pod',
  'PersistentVolumeClaim',
  'Service',
  'CustomResourceDefinition',
]);

const READY: Judgement = { state: 'ready', seen: 'ready' };

/** Whether an object has reached its desired state, according to its own controller. */
export function judgeObject(object: KubeObject): Judgement {
  if (object.metadata?.deletionTimestamp !== undefined) return waiting('is being deleted');
  switch (object.kind) {
    case 'Deployment':
      return judgeDeployment(object as Workload);
    case 'StatefulSet':
      return judgeStatefulSet(object as Workload);
    case 'DaemonSet':
      return judgeDaemonSet(object as Workload);
    case 'Job':
      return judgeJob(object as Workload);
    case 'Pod':
      return judgePod(object as Pod);
    case 'PersistentVolumeClaim':
      return judgeClaim(object as PersistentVolumeClaim);
    case 'Service':
      return judgeService(object as Service);
    case 'CustomResourceDefinition':
      return judgeDefinition(object);
    default:
      return READY;
  }
}

function judgeDeployment(deployment: Workload): Judgement {
  const { status = {}, spec = {} } = deployment;
  const wanted = spec.replicas ?? 1;
  if (!isObserved(deployment)) return waiting('its controller has not observed it yet');
  const progress = findCondition(status.conditions, 'Progressing');
  if (progress?.status === 'False' && progress.reason === 'ProgressDeadlineExceeded') {
    return failed(progress.message ?? 'it made no progress within its deadline');
  }
  const updated = status.updatedReplicas ?? 0;
  const available = status.availableReplicas ?? 0;
  const all = status.replicas ?? 0;
  if (updated >= wanted && all <= updated && available >= wanted) return READY;
  const refused = findCondition(status.conditions, 'ReplicaFailure');
  if (refused?.status === 'True')
    return { ...waiting(`pods are refused: ${refused.message ?? refused.reason ?? ''}`), refused: true };
  if (updated < wanted) return waiting(`${updated} of ${wanted} pods are of the new version`);
  if (all > updated) return waiting(`${all - updated} pods of the old version are still there`);
  return waiting(`${available} of ${wanted} pods ready`);
}

function judgeStatefulSet(set: Workload): Judgement {
  const { status = {}, spec = {} } = set;
  const wanted = spec.replicas ?? 1;
  if (!isObserved(set)) return waiting('its controller has not observed it yet');
  const ready = status.readyReplicas ?? 0;
  // Pods with the OnDelete strategy are replaced only after they have been deleted.
  const byHand = spec.updateStrategy?.type === 'OnDelete';
  const partition = spec.updateStrategy?.rollingUpdate?.partition ?? 0;
  const toUpdate = byHand ? 0 : Math.max(0, wanted - partition);
  const updated = status.updatedReplicas ?? 0;
  const current = status.currentRevision === status.updateRevision;
  if (ready < wanted) return waiting(`${ready} of ${wanted} pods ready`);
  if ((status.replicas ?? 0) > wanted)
    return waiting(`${(status.replicas ?? 0) - wanted} pods are still to be removed`);
  if (!current && updated < toUpdate) return waiting(`${updated} of ${toUpdate} pods are of the new version`);
  return READY;
}

function judgeDaemonSet(set: Workload): Judgement {
  const { status = {}, spec = {} } = set;
  if (!isObserved(set)) return waiting('its controller has not observed it yet');
  const wanted = status.desiredNumberScheduled ?? 0;
  const updated = spec.updateStrategy?.type === 'OnDelete' ? wanted : (status.updatedNumberScheduled ?? 0);
  const available = status.numberAvailable ?? 0;
  if (updated >= wanted && available >= wanted) return READY;
  if (updated < wanted) return waiting(`${updated} of ${wanted} pods are of the new version`);
  return waiting(`${available} of ${wanted} pods ready`);
}

function judgeJob(job: Workload): Judgement {
  const { status = {}, spec = {} } = job;
  const failure = findCondition(status.conditions, 'Failed');
  if (failure?.status === 'True') return failed(failure.message ?? failure.reason ?? 'it failed');
  const done = ['Complete', 'SuccessCriteriaMet'].some(
    (type) => findCondition(status.conditions, type)?.status === 'True',
  );
  if (done || spec.suspend === true) return READY;
  return waiting(
    `${status.succeeded ?? 0} of ${spec.completions ?? 1} runs completed, ${status.failed ?? 0} failed`,
  );
}

function judgePod(pod: Pod): Judgement {
  const { phase = 'Pending', conditions } = pod.status ?? {};
  if (phase === 'Succeeded') return READY;
  if (phase === 'Failed') return failed(pod.status?.message ?? pod.status?.reason ?? 'it failed');
  return findCondition(conditions, 'Ready')?.status === 'True' ? READY : waiting(`is ${phase}, not ready`);
}

function judgeClaim(claim: PersistentVolumeClaim): Judgement {
  const { phase = 'Pending' } = claim.status ?? {};
  if (phase === 'Bound') return READY;
  return phase === 'Lost' ? failed('its volume no longer exists') : waiting('no volume is bound to it');
}

function judgeService(service: Service): Judgement {
  if (service.spec?.type !== 'LoadBalancer') return READY;
  const ingress = service.status?.loadBalancer?.ingress ?? [];
  return ingress.length > 0 ? READY : waiting('its load balancer has no address');
}

function judgeDefinition(definition: KubeObject): Judgement {
  const { conditions } = (definition['status'] ?? {}) as { conditions?: readonly Condition[] };
  const refused = findCondition(conditions, 'NamesAccepted');
  if (refused?.status === 'False') return failed(refused.message ?? 'its names are already used');
  return findCondition(conditions, 'Established')?.status === 'True' ? READY : waiting('is not established');
}

function isObserved({ metadata, status }: Workload): boolean {
  return (status?.observedGeneration ?? 0) >= (metadata?.generation ?? 0);
}

export function findCondition(
  conditions: readonly Condition[] | undefined,
  type: string,
): Condition | undefined {
  return conditions?.find((condition) => condition.type === type);
}

function waiting(seen: string): Judgement {
  return { state: 'waiting', seen };
}

function failed(seen: string): Judgement {
  return { state: 'failed', seen };
}
