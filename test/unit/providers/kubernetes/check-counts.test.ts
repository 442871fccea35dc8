import { describe, expect, it } from 'vitest';
import { MAX_NODE_VOLUMES, MAX_NODES, MAX_ROLES } from '../../../../src/domain/index.ts';
import type { Workload } from '../../../../src/providers/kubernetes/api/kube-types.ts';
import { checkCounts } from '../../../../src/providers/kubernetes/check-counts.ts';

function workload(spec: object, kind = 'Deployment'): Workload {
  // What a chart makes is whatever it likes.
  return { kind, metadata: { name: 'web' }, spec } as Workload;
}

describe('checkCounts', () => {
  it('takes as many pods as a cluster may have', () => {
    expect(() => checkCounts([workload({ replicas: MAX_NODES })])).not.toThrow();
    expect(() => checkCounts([workload({ replicas: 500 }), workload({ replicas: 500 })])).not.toThrow();
    expect(() => checkCounts([workload({ replicas: 0 }), workload({})])).not.toThrow();
    expect(() => checkCounts([workload({ replicas: 1e9 }, 'DaemonSet')])).not.toThrow();
  });

  it.each([
    ['one pod more', [workload({ replicas: MAX_NODES + 1 })], `the limit is ${MAX_NODES}`],
    ['a sum', [workload({ replicas: 500 }), workload({ replicas: 501 })], `the limit is ${MAX_NODES}`],
    ['a billion', [workload({ replicas: 1_000_000_000 })], `the limit is ${MAX_NODES}`],
    ['text', [workload({ replicas: '1000000000' })], 'not a whole number'],
    ['a negative number', [workload({ replicas: -1 })], 'not a whole number'],
    ['infinity', [workload({ replicas: Infinity })], 'not a whole number'],
    ['1e308', [workload({ replicas: 1e308 })], 'not a whole number'],
    ['a fraction', [workload({ replicas: 1.5 })], 'not a whole number'],
    ['a list', [workload({ replicas: [1e9] })], 'not a whole number'],
    [
      'claims of a pod',
      [workload({ volumeClaimTemplates: Array.from({ length: MAX_NODE_VOLUMES + 1 }, () => ({})) })],
      `the limit is ${MAX_NODE_VOLUMES}`,
    ],
    ['claims that are no list', [workload({ volumeClaimTemplates: { length: 1e9 } })], 'claims too many'],
    ['workloads', Array.from({ length: MAX_ROLES + 1 }, () => workload({})), `the limit is ${MAX_ROLES}`],
  ])('refuses %s', (_, workloads, message) => {
    expect(() => checkCounts(workloads)).toThrow(message);
  });
});
