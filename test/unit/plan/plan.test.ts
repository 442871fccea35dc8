import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PlannedTask } from '../../../src/domain/index.ts';
import {
  canonicalJson,
  createLayer,
  createLayersByOrder,
  createPlan,
  findNodeRole,
  selectServiceNodes,
  sortNodes,
} from '../../../src/plan/index.ts';
import { node, role } from '../vm/clusters.ts';

function task(label: string): PlannedTask {
  return {
    action: 'StartService',
    nodeId: label,
    label,
    directive: { service: 'start', command: '', commandTimeoutSeconds: 1, idempotent: false },
    resources: [],
    failureAllowed: false,
    timeoutSeconds: 1,
  };
}

describe('canonicalJson', () => {
  it('gives equal values equal bytes, in whatever order their keys were set', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const reversed = Object.fromEntries(Object.entries(value).reverse());
        expect(canonicalJson(reversed)).toBe(canonicalJson(value));
      }),
    );
  });

  it('is JSON of the same value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it('sorts keys at every depth, keeps arrays, leaves undefined out', () => {
    expect(canonicalJson({ b: [{ z: 1, a: undefined }], a: { d: null, c: 'x' } })).toBe(
      '{"a":{"c":"x","d":null},"b":[{"z":1}]}',
    );
  });

  it.each([[Number.NaN], [Number.POSITIVE_INFINITY], [1n], [() => 1], [undefined]])(
    'refuses %s, which JSON would change silently',
    (value) => {
      expect(() => canonicalJson([value])).toThrow(TypeError);
    },
  );
});

describe('nodes', () => {
  it('sort by role and number', () => {
    const sorted = sortNodes([node('b', 1), node('a', 10), node('a', 9)]);
    expect(sorted.map((each) => each.nodeId)).toEqual(['cln-a-9', 'cln-a-10', 'cln-b-1']);
  });

  it('a limit takes the first by server id and never a replica', () => {
    const nodes = [node('a', 3), node('a', 1, { isReplica: true }), node('a', 2)];
    expect(selectServiceNodes(nodes, 1).map((each) => each.serverId)).toEqual([2]);
    expect(selectServiceNodes(nodes, 9).map((each) => each.serverId)).toEqual([2, 3]);
    expect(selectServiceNodes(nodes, null).map((each) => each.serverId)).toEqual([1, 2, 3]);
  });

  it('a replica has the role it copies, unless it has one of its own', () => {
    const replica = node('a-replica', 2, { isReplica: true });
    expect(findNodeRole([role('a')], replica)?.role).toBe('a');
    expect(findNodeRole([role('a'), role('a-replica')], replica)?.role).toBe('a-replica');
    expect(findNodeRole([role('b')], replica)).toBeUndefined();
  });
});

describe('layers', () => {
  it('run by ascending order, equal orders together', () => {
    const layers = createLayersByOrder('StartService', [
      { order: 2, task: task('c') },
      { order: -1, task: task('a') },
      { order: 2, task: task('d') },
      { order: 0, task: task('b') },
    ]);
    expect(layers.map((layer) => [layer.title, layer.tasks.map((each) => each.label).join()])).toEqual([
      ['StartService order -1', 'a'],
      ['StartService', 'b'],
      ['StartService order 2', 'c,d'],
    ]);
  });

  it('without tasks are left out of a plan', () => {
    const plan = createPlan([createLayer('A', []), createLayer('B', [task('b')])]);
    expect(plan.map((step) => step.title)).toEqual(['B']);
  });

  it('may have the same title', () => {
    const plan = createPlan([createLayer('A', [task('a')]), createLayer('A', [task('b')])]);
    expect(plan.map((step) => step.title)).toEqual(['A', 'A']);
  });
});
