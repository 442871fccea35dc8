import { describe, expect, it } from 'vitest';
import { MAX_NODES, type JobAction, type JobOptions } from '../../../src/domain/index.ts';
import { checkJobOptions } from '../../../src/plan/index.ts';
import { aCluster } from '../../kit/sample-records.ts';

const cluster = aCluster('cl-1', 'rt-1');

function check(action: JobAction, options: JobOptions): () => void {
  return () => checkJobOptions(action, options, cluster);
}

describe('checkJobOptions', () => {
  it.each<[JobAction, JobOptions]>([
    ['stop', {}],
    ['delete', { force: true }],
    ['upgrade', { versionId: 'appv-2' }],
    ['upgrade', { versionId: 'appv-2', conf: { a: 1 } }],
    ['update-env', { conf: { a: null } }],
    ['add-nodes', { role: 'main', count: 2 }],
    ['add-nodes', { role: 'main', count: MAX_NODES - cluster.nodes.length }],
    ['delete-nodes', { role: 'main', count: 1 }],
    ['delete-nodes', { nodeIds: ['cl-1-n1', 'cl-1-n2'] }],
    ['resize', { sizes: [{ role: 'main', cpu: 0.5 }] }],
    ['restart', {}],
    ['restart', { roles: ['main'] }],
  ])('takes for %s %j', (action, options) => {
    expect(check(action, options)).not.toThrow();
  });

  it.each<[JobAction, JobOptions, string]>([
    ['stop', { force: true }, 'force'],
    ['rollback', { versionId: 'appv-1' }, 'versionId'],
    ['upgrade', {}, 'versionId'],
    ['upgrade', { versionId: '' }, 'versionId'],
    ['update-env', {}, 'conf'],
    ['update-env', { conf: {} }, 'conf'],
    ['add-nodes', { count: 1 }, 'role'],
    ['add-nodes', { role: 'other', count: 1 }, 'role'],
    ['add-nodes', { role: 'main' }, 'count'],
    ['add-nodes', { role: 'main', count: 0 }, 'count'],
    ['add-nodes', { role: 'main', count: 1.5 }, 'count'],
    ['delete-nodes', { role: 'main' }, 'count'],
    ['delete-nodes', { nodeIds: ['cl-1-n1'], count: 1 }, 'count'],
    ['delete-nodes', { nodeIds: ['cl-1-n1', 'cl-1-n1'] }, 'nodeIds'],
    ['delete-nodes', { nodeIds: ['cl-2-n1'] }, 'nodeIds'],
    ['add-nodes', { role: 'main', count: MAX_NODES }, 'count'],
    ['add-nodes', { role: 'main', count: Number.MAX_SAFE_INTEGER }, 'count'],
    ['resize', { sizes: [{ role: 'main', memoryMiB: 1e308 }] }, 'sizes'],
    ['resize', {}, 'sizes'],
    ['resize', { sizes: [{ role: 'main' }] }, 'sizes'],
    ['resize', { sizes: [{ role: 'main', cpu: -1 }] }, 'sizes'],
    ['resize', { sizes: [{ role: 'main', cpu: Number.NaN }] }, 'sizes'],
    [
      'resize',
      {
        sizes: [
          { role: 'main', cpu: 1 },
          { role: 'main', cpu: 2 },
        ],
      },
      'sizes',
    ],
    ['restart', { roles: ['other'] }, 'roles'],
  ])('refuses for %s %j, naming %s', (action, options, field) => {
    expect(check(action, options)).toThrow(
      expect.objectContaining({ kind: 'invalid-input', code: 'JOB_OPTIONS', field }),
    );
  });
});
