import { describe, expect, it } from 'vitest';
import { JOB_ACTION_NAMES, type JobAction } from '../../../src/domain/index.ts';
import { vmCapabilities, VM_ACTIONS } from '../../../src/vm/vm-actions.ts';
import { equalNodes, features } from './clusters.ts';
import { plan } from './planning.ts';

const refused = expect.objectContaining({ kind: 'invalid-input', code: 'ACTION_NOT_SUPPORTED' }) as unknown;
const statusOf = (action: JobAction) => (action === 'start' ? ('stopped' as const) : ('active' as const));

describe('R10 what a VM cloud can do', () => {
  it.each(JOB_ACTION_NAMES)('%s: it is among the actions exactly where the frame plans it', (action) => {
    const can = vmCapabilities(features());
    const planned = () => plan(action, equalNodes(statusOf(action), statusOf(action)), {}, can);
    if (can.actions.includes(action)) expect(planned().length).toBeGreaterThan(0);
    else expect(planned).toThrow(refused);
  });

  it('an action that needs more than a cloud has is left out, and refused when it is planned', () => {
    const actions = { ...VM_ACTIONS, stop: { layersOf: () => [], needs: ['volumes', 'gpu'] } } as const;
    const without = vmCapabilities(features({ gpu: false }), actions);
    expect(without.actions).toEqual(['create', 'start', 'delete']);
    expect(() => plan('stop', equalNodes('active', 'active'), {}, without)).toThrow(refused);
    expect(vmCapabilities(features({ gpu: true }), actions).actions).toContain('stop');
  });
});
