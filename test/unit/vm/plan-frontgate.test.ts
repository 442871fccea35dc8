import { describe, expect, it } from 'vitest';
import type { ClusterWrapper, JobPlan } from '../../../src/domain/index.ts';
import { capabilities, equalNodes } from './clusters.ts';
import { laneOf, layerNames, plan, stepNames, tasksOf } from './planning.ts';

describe('the plan of a frontgate', () => {
  const asFrontgate = (wrapper: ClusterWrapper): ClusterWrapper => ({
    ...wrapper,
    cluster: { ...wrapper.cluster, purpose: 'frontgate' },
  });
  const layers = (action: 'create' | 'stop' | 'start' | 'delete'): readonly string[] =>
    layerNames(
      plan(
        action,
        asFrontgate(equalNodes('active', 'active')),
        {},
        capabilities({ nodeAccess: 'frontgate' }),
      ),
    );

  it('is its instance and no more: it needs no frontgate itself', () => {
    expect(layers('create')).toEqual(['RunInstances', 'PrepareNode']);
    expect(layers('stop')).toEqual(['StopInstances']);
    expect(layers('start')).toEqual(['StartInstances', 'PrepareNode']);
    expect(layers('delete')).toEqual(['DeleteInstances']);
  });

  it('holds nothing beyond its life', () => {
    const resize = (): JobPlan =>
      plan('resize', asFrontgate(equalNodes('active', 'active')), {}, capabilities({ actions: ['resize'] }));
    expect(resize).toThrow(expect.objectContaining({ code: 'ACTION_NOT_SUPPORTED' }));
  });
});

describe('nodes behind a frontgate', () => {
  it('are reached through it from before they are made until the cluster leaves', () => {
    const behind = capabilities({ nodeAccess: 'frontgate' });
    const names = layerNames(plan('create', equalNodes('pending', 'pending'), {}, behind));
    expect(names[0]).toBe('AcquireFrontgate');
    expect(names.indexOf('FrontgateAvailable')).toBeLessThan(names.indexOf('PrepareNode'));
    for (const action of ['stop', 'delete'] as const) {
      const made = plan(action, equalNodes('active', 'active'), {}, behind);
      expect(layerNames(made).at(-1)).toBe('ReleaseFrontgate');
      expect(tasksOf(made, 'ReleaseFrontgate')[0]?.failureAllowed).toBe(true);
    }
  });

  it('are made while the frontgate is waited for, and prepared when it is there', () => {
    const behind = capabilities({ nodeAccess: 'frontgate' });
    const made = plan('create', equalNodes('pending', 'pending'), {}, behind);
    expect(stepNames(made).slice(0, 3)).toEqual(['AcquireFrontgate', 'make nodes', 'prepare nodes']);
    expect(laneOf(made, 'make nodes', 'frontgate')).toEqual([['FrontgateAvailable']]);
    expect(laneOf(made, 'make nodes', 'node 1')).toEqual([
      ['CreateVolumes', 'RunInstances'],
      ['AttachVolumes'],
    ]);
    expect(laneOf(made, 'prepare nodes', 'node 1')).toEqual([['PrepareNode'], ['FormatAndMountVolumes']]);
  });
});
