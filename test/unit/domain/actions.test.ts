import { describe, expect, it } from 'vitest';
import {
  JOB_ACTION_NAMES,
  JOB_ACTIONS,
  listJobActions,
  statusAfterSuccess,
} from '../../../src/domain/index.ts';

describe('the table of job actions', () => {
  it('says which actions make instances and volumes that are not there yet', () => {
    expect(listJobActions(({ needs }) => needs === 'new')).toEqual(['create', 'add-nodes', 'recover']);
  });

  it('says which actions are checked with the provider before their first effect', () => {
    expect(listJobActions(({ needs }) => needs !== 'nothing')).toEqual([
      'create',
      'start',
      'add-nodes',
      'resize',
      'update-env',
      'upgrade',
      'rollback',
      'recover',
    ]);
  });

  it.each(JOB_ACTION_NAMES)(
    '%s leads from each status that it begins in to one that a cluster may have',
    (action) => {
      for (const before of JOB_ACTIONS[action].from)
        expect(['active', 'stopped', 'deleted', 'pending']).toContain(statusAfterSuccess(action, before));
    },
  );

  it('goes back to the status before, or to active where that was failed', () => {
    expect(statusAfterSuccess('resize', 'stopped')).toBe('stopped');
    expect(statusAfterSuccess('resize', 'failed')).toBe('active');
    expect(statusAfterSuccess('cease', 'deleted')).toBe('deleted');
  });
});
