import { describe, expect, it } from 'vitest';
import type {
  KubeObject,
  ObjectMeta,
  Pod,
  Workload,
} from '../../../../src/providers/kubernetes/api/kube-types.ts';
import {
  isKept,
  isMadeByHook,
  isMadeForSet,
  isPodOf,
} from '../../../../src/providers/kubernetes/ownership.ts';

const RELEASE = { name: 'shop', namespace: 'prod' };
const RUN = {
  startedAt: '2026-11-24T12:00:10.4Z',
  completedAt: '2026-11-24T12:00:20.4Z',
  phase: 'Succeeded',
};
const HOOK: KubeObject = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'map', labels: { of: 'shop' } },
};
const BY_HELM = [{ manager: 'helm' }];

function made(creationTimestamp: string, change: ObjectMeta = {}): KubeObject {
  const metadata = { name: 'map', labels: { of: 'shop', more: 'x' }, managedFields: BY_HELM };
  return {
    ...HOOK,
    metadata: { ...metadata, creationTimestamp: `2026-11-24T${creationTimestamp}Z`, ...change },
  };
}

describe('an object that a hook is said to have made', () => {
  it.each<[string, boolean, KubeObject]>([
    ['as the run began', true, made('12:00:10')],
    ['a second off, as clocks are', true, made('12:00:09')],
    ['as the run ended', true, made('12:00:20')],
    ['before it', false, made('12:00:08')],
    ['after it', false, made('12:00:22')],
    [
      'by another client in that second, and taken over by helm',
      false,
      made('12:00:10', {
        managedFields: [
          { manager: 'node', time: '2026-11-24T12:00:10Z' },
          { manager: 'helm', time: '2026-11-24T12:00:10Z' },
        ],
      }),
    ],
    [
      'and changed by another client since',
      true,
      made('12:00:10', {
        managedFields: [
          { manager: 'helm', time: '2026-11-24T12:00:10Z' },
          { manager: 'kubectl-edit', time: '2026-11-24T12:00:15Z' },
        ],
      }),
    ],
    ['a second after it', false, made('12:00:21')],
    ['by another client', false, made('12:00:10', { managedFields: [{ manager: 'kubectl-create' }] })],
    ['without the hook’s labels', false, made('12:00:10', { labels: { of: 'other' } })],
    ['and kept since', false, made('12:00:10', { annotations: { 'helm.sh/resource-policy': 'keep' } })],
    ['for something else', false, made('12:00:10', { ownerReferences: [{ kind: 'Job', name: 'x' }] })],
    [
      'and of another release',
      false,
      made('12:00:10', {
        annotations: { 'meta.helm.sh/release-name': 'shop', 'meta.helm.sh/release-namespace': 'other' },
      }),
    ],
  ])('%s: %s', (_what, expected, live) => {
    expect(isMadeByHook(live, HOOK, RUN, RELEASE, 0)).toBe(expected);
  });

  it('is judged by the server’s clock, however far that is from the worker’s', () => {
    expect(isMadeByHook(made('13:00:11'), HOOK, RUN, RELEASE, 3_600_000)).toBe(true);
    expect(isMadeByHook(made('12:00:11'), HOOK, RUN, RELEASE, 3_600_000)).toBe(false);
  });

  it('may be of a run that was cut, and then is of its first minute', () => {
    const cut = { ...RUN, completedAt: null, phase: 'Running' };
    expect(isMadeByHook(made('12:00:40'), HOOK, cut, RELEASE, 0)).toBe(true);
    expect(isMadeByHook(made('12:05:00'), HOOK, cut, RELEASE, 0)).toBe(false);
  });

  it.each(['CustomResourceDefinition', 'Namespace'])(
    'is no %s: what others have in it would go too',
    (kind) => {
      expect(isMadeByHook({ ...made('12:00:10'), kind }, { ...HOOK, kind }, RUN, RELEASE, 0)).toBe(false);
    },
  );
});

describe('a claim of a StatefulSet', () => {
  const set: Workload = {
    kind: 'StatefulSet',
    metadata: { name: 'db' },
    spec: {
      selector: { matchLabels: { app: 'db' } },
      volumeClaimTemplates: [{ metadata: { name: 'data' } }],
    },
  };
  const origin = { controllers: ['k3s'], sinceMs: Date.parse('2026-11-24T12:00:00Z') };
  const fieldsV1 = { 'f:spec': { 'f:accessModes': {} } };
  const own: ObjectMeta = {
    name: 'data-db-0',
    labels: { app: 'db' },
    creationTimestamp: '2026-11-24T12:00:05Z',
    managedFields: [
      { manager: 'k3s', fieldsV1 },
      { manager: 'kubectl-edit', fieldsV1: { 'f:spec': {} } },
    ],
  };

  it.each<[string, boolean, ObjectMeta]>([
    ['its controller’s', true, own],
    ['also where the set owns it', true, { ...own, ownerReferences: [{ kind: 'StatefulSet', name: 'db' }] }],
    ['not of another owner', false, { ...own, ownerReferences: [{ kind: 'Database', name: 'db' }] }],
    ['not older than the cluster', false, { ...own, creationTimestamp: '2026-11-24T11:59:00Z' }],
    ['not made by hand', false, { ...own, managedFields: [{ manager: 'kubectl', fieldsV1 }] }],
    ['without a known owner', false, { ...own, managedFields: [] }],
    ['not of another name', false, { ...own, name: 'data-db-old' }],
    ['not with other labels', false, { ...own, labels: { app: 'web' } }],
    ['not kept', false, { ...own, annotations: { 'helm.sh/resource-policy': 'KEEP' } }],
  ])('%s: %s', (_what, expected, metadata) => {
    expect(isMadeForSet({ metadata }, set, origin)).toBe(expected);
  });
});

it('a pod is of the workload that has made it, not of every one whose labels it bears', () => {
  const podOf = (kind: string, name: string): Pod => ({
    metadata: { labels: { 'pod-template-hash': '77f' }, ownerReferences: [{ kind, name }] },
  });
  const web: Workload = { kind: 'Deployment', metadata: { name: 'web' } };
  const db: Workload = { kind: 'StatefulSet', metadata: { name: 'db' } };
  expect(isPodOf(podOf('ReplicaSet', 'web-77f'), web)).toBe(true);
  expect(isPodOf(podOf('ReplicaSet', 'web-kept-77f'), web)).toBe(false);
  expect(isPodOf(podOf('StatefulSet', 'db'), db)).toBe(true);
  expect(isPodOf(podOf('ReplicaSet', 'db'), db)).toBe(false);
  expect(isPodOf({ metadata: {} }, db)).toBe(false);
});

it.each(['keep', 'Keep', ' keep', 'other', ''])(
  'helm leaves an object alone whose policy is %j',
  (policy) => {
    expect(isKept({ metadata: { annotations: { 'helm.sh/resource-policy': policy } } })).toBe(true);
    expect(isKept({ metadata: { annotations: {} } })).toBe(false);
  },
);
