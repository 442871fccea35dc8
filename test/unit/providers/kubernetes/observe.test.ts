import { describe, expect, it } from 'vitest';
import { explainPod } from '../../../../src/providers/kubernetes/observe/explain-pod.ts';
import { judgeObject } from '../../../../src/providers/kubernetes/observe/readiness.ts';
import type { KubeObject, Pod } from '../../../../src/providers/kubernetes/api/kube-types.ts';

function object(kind: string, spec: object, status: object, metadata: object = {}): KubeObject {
  return {
    kind,
    apiVersion: 'v1',
    metadata: { name: 'x', generation: 2, ...metadata },
    spec,
    status,
  } as KubeObject;
}

const SEEN = { observedGeneration: 2 };
const condition = (type: string, status: string, more: object = {}): object => ({
  conditions: [{ type, status, ...more }],
});

describe('judgeObject', () => {
  it.each<[string, KubeObject, string, string]>([
    [
      'an unseen Deployment',
      object(
        'Deployment',
        {},
        { observedGeneration: 1, replicas: 1, updatedReplicas: 1, availableReplicas: 1 },
      ),
      'waiting',
      'has not observed it',
    ],
    [
      'a Deployment that is whole',
      object(
        'Deployment',
        { replicas: 2 },
        { ...SEEN, replicas: 2, updatedReplicas: 2, availableReplicas: 2 },
      ),
      'ready',
      'ready',
    ],
    [
      'a Deployment with a pod too few',
      object(
        'Deployment',
        { replicas: 2 },
        { ...SEEN, replicas: 2, updatedReplicas: 2, availableReplicas: 1 },
      ),
      'waiting',
      '1 of 2 pods ready',
    ],
    [
      'a Deployment in the middle of a rollout',
      object(
        'Deployment',
        { replicas: 2 },
        { ...SEEN, replicas: 3, updatedReplicas: 1, availableReplicas: 2 },
      ),
      'waiting',
      '1 of 2 pods are of the new version',
    ],
    [
      'a Deployment with old pods',
      object(
        'Deployment',
        { replicas: 2 },
        { ...SEEN, replicas: 3, updatedReplicas: 2, availableReplicas: 3 },
      ),
      'waiting',
      '1 pods of the old version',
    ],
    [
      'a Deployment past its deadline',
      object(
        'Deployment',
        {},
        {
          ...SEEN,
          ...condition('Progressing', 'False', { reason: 'ProgressDeadlineExceeded', message: 'too late' }),
        },
      ),
      'failed',
      'too late',
    ],
    [
      'a Deployment whose pods are refused',
      object(
        'Deployment',
        {},
        { ...SEEN, ...condition('ReplicaFailure', 'True', { message: 'exceeded quota' }) },
      ),
      'waiting',
      'exceeded quota',
    ],
    [
      'a StatefulSet that is whole',
      object(
        'StatefulSet',
        { replicas: 1 },
        { ...SEEN, replicas: 1, readyReplicas: 1, currentRevision: 'a', updateRevision: 'a' },
      ),
      'ready',
      'ready',
    ],
    [
      'a StatefulSet with a pod too few',
      object('StatefulSet', { replicas: 3 }, { ...SEEN, readyReplicas: 2 }),
      'waiting',
      '2 of 3 pods ready',
    ],
    [
      'a StatefulSet with a pod too many',
      object('StatefulSet', { replicas: 1 }, { ...SEEN, replicas: 2, readyReplicas: 1 }),
      'waiting',
      '1 pods are still to be removed',
    ],
    [
      'a StatefulSet in the middle of a rollout',
      object(
        'StatefulSet',
        { replicas: 2 },
        {
          ...SEEN,
          replicas: 2,
          readyReplicas: 2,
          updatedReplicas: 1,
          currentRevision: 'a',
          updateRevision: 'b',
        },
      ),
      'waiting',
      '1 of 2 pods are of the new version',
    ],
    [
      'a StatefulSet up to its partition',
      object(
        'StatefulSet',
        { replicas: 2, updateStrategy: { rollingUpdate: { partition: 1 } } },
        {
          ...SEEN,
          replicas: 2,
          readyReplicas: 2,
          updatedReplicas: 1,
          currentRevision: 'a',
          updateRevision: 'b',
        },
      ),
      'ready',
      'ready',
    ],
    [
      'a StatefulSet that is updated by hand',
      object(
        'StatefulSet',
        { updateStrategy: { type: 'OnDelete' } },
        { ...SEEN, replicas: 1, readyReplicas: 1, currentRevision: 'a', updateRevision: 'b' },
      ),
      'ready',
      'ready',
    ],
    [
      'a DaemonSet that no node wants',
      object('DaemonSet', {}, { ...SEEN, desiredNumberScheduled: 0 }),
      'ready',
      'ready',
    ],
    [
      'a DaemonSet with a pod too few',
      object(
        'DaemonSet',
        {},
        { ...SEEN, desiredNumberScheduled: 3, updatedNumberScheduled: 3, numberAvailable: 2 },
      ),
      'waiting',
      '2 of 3 pods ready',
    ],
    [
      'a Job at work',
      object('Job', { completions: 2 }, { succeeded: 1, failed: 3 }),
      'waiting',
      '1 of 2 runs completed, 3 failed',
    ],
    ['a Job that is done', object('Job', {}, condition('Complete', 'True')), 'ready', 'ready'],
    [
      'a Job that failed',
      object('Job', {}, condition('Failed', 'True', { message: 'BackoffLimitExceeded' })),
      'failed',
      'BackoffLimitExceeded',
    ],
    ['a Job that is suspended', object('Job', { suspend: true }, {}), 'ready', 'ready'],
    [
      'a Pod that is ready',
      object('Pod', {}, { phase: 'Running', ...condition('Ready', 'True') }),
      'ready',
      'ready',
    ],
    ['a Pod that failed', object('Pod', {}, { phase: 'Failed', message: 'evicted' }), 'failed', 'evicted'],
    ['a claim that is bound', object('PersistentVolumeClaim', {}, { phase: 'Bound' }), 'ready', 'ready'],
    ['a claim that waits', object('PersistentVolumeClaim', {}, {}), 'waiting', 'no volume'],
    [
      'a claim whose volume is gone',
      object('PersistentVolumeClaim', {}, { phase: 'Lost' }),
      'failed',
      'no longer exists',
    ],
    ['a Service inside', object('Service', { type: 'ClusterIP' }, {}), 'ready', 'ready'],
    [
      'a load balancer without an address',
      object('Service', { type: 'LoadBalancer' }, {}),
      'waiting',
      'no address',
    ],
    [
      'a load balancer with one',
      object('Service', { type: 'LoadBalancer' }, { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } }),
      'ready',
      'ready',
    ],
    [
      'a CRD that is established',
      object('CustomResourceDefinition', {}, condition('Established', 'True')),
      'ready',
      'ready',
    ],
    ['a CRD that is not', object('CustomResourceDefinition', {}, {}), 'waiting', 'not established'],
    [
      'a CRD whose names are taken',
      object(
        'CustomResourceDefinition',
        {},
        condition('NamesAccepted', 'False', { message: 'plural is taken' }),
      ),
      'failed',
      'plural is taken',
    ],
    [
      'anything on its way out',
      object('Deployment', {}, {}, { deletionTimestamp: '2026-01-01T00:00:00Z' }),
      'waiting',
      'being deleted',
    ],
    ['a ConfigMap', object('ConfigMap', {}, {}), 'ready', 'ready'],
  ])('judges %s', (_, given, state, seen) => {
    const judged = judgeObject(given);
    expect(judged.state).toBe(state);
    expect(judged.seen).toContain(seen);
  });
});

describe('explainPod', () => {
  const pod = (status: object, metadata: object = {}): Pod =>
    object('Pod', { containers: [{ name: 'main', image: 'app:1' }] }, status, metadata) as Pod;
  const waits = (reason: string, more: object = {}): object => ({
    phase: 'Pending',
    containerStatuses: [{ name: 'main', state: { waiting: { reason, message: 'says so' } }, ...more }],
  });

  it.each<[object, string, string, string]>([
    [waits('ImagePullBackOff'), 'stuck', 'ImagePullBackOff', 'image app:1: says so'],
    [waits('InvalidImageName'), 'final', 'InvalidImageName', 'app:1'],
    [waits('ErrImageNeverPull'), 'final', 'ErrImageNeverPull', 'app:1'],
    [
      waits('CrashLoopBackOff', { lastState: { terminated: { reason: 'OOMKilled', exitCode: 137 } } }),
      'stuck',
      'CrashLoopBackOff',
      'OOMKilled with exit code 137',
    ],
    [waits('CreateContainerConfigError'), 'stuck', 'CreateContainerConfigError', 'says so'],
    [waits('ContainerCreating'), 'waiting', 'Pending', 'Pending'],
    [
      condition('PodScheduled', 'False', { reason: 'Unschedulable', message: 'Insufficient cpu' }),
      'stuck',
      'Unschedulable',
      'Insufficient cpu',
    ],
    [condition('PodScheduled', 'False', { reason: 'SchedulingGated' }), 'waiting', 'SchedulingGated', ''],
    [{ phase: 'Failed', reason: 'Evicted', message: 'no disk' }, 'stuck', 'Evicted', 'no disk'],
    [
      {
        phase: 'Running',
        containerStatuses: [{ name: 'main', state: { terminated: { reason: 'Error', exitCode: 3 } } }],
      },
      'stuck',
      'Error',
      'exit code 3',
    ],
    [{ phase: 'Running' }, 'waiting', 'NotReady', 'readiness probe'],
  ])('explains %j', (status, severity, reason, words) => {
    const explained = explainPod(pod(status));
    expect(explained).toMatchObject({ severity, reason });
    expect(explained?.words).toContain(words);
    expect(explained?.words).toContain('pod x');
  });

  it('has nothing to say of a pod that is ready, done or on its way out', () => {
    expect(explainPod(pod({ phase: 'Running', ...condition('Ready', 'True') }))).toBeNull();
    expect(explainPod(pod({ phase: 'Succeeded' }))).toBeNull();
    expect(
      explainPod(pod(waits('ImagePullBackOff'), { deletionTimestamp: '2026-01-01T00:00:00Z' })),
    ).toBeNull();
  });
});
