import { describe, expect, it } from 'vitest';
import type { ClusterWrapper } from '../../../src/domain/index.ts';
import { createMetadataLayer } from '../../../src/vm/layers/cluster-layers.ts';
import { createPlanScope, type PlannedNode, type PlanScope } from '../../../src/vm/layers/plan-scope.ts';
import { capabilities, cluster, node, role, RUNTIME } from './clusters.ts';

const SMALL = role('web', { cpu: 1 });
const LARGE = role('web', { cpu: 4 });
const LEAVING = role('cache');

const BEFORE = cluster('active', {
  roles: [SMALL, LEAVING],
  nodes: [node('web', 10), node('web', 2), node('cache', 1), node('cache', 2, { status: 'deleted' })],
});
/** One node more, another size, and the role `cache` is gone. */
const WANTED = cluster('active', {
  roles: [LARGE],
  nodes: [node('web', 11), node('web', 10), node('web', 2)],
});

function scopeOf(wanted: ClusterWrapper, before?: ClusterWrapper): PlanScope {
  return createPlanScope(
    {
      job: { jobId: 'j-1', clusterId: 'cl-1', action: 'update-env', options: {} },
      cluster: wanted,
      runtime: RUNTIME,
      ...(before === undefined ? {} : { before }),
    },
    capabilities(),
  );
}

const labels = (planned: readonly PlannedNode[]): readonly string[] =>
  planned.map(({ node: { role: name, serverId }, role: { cpu } }) => `${name} ${serverId} cpu ${cpu}`);

describe('what the layers of an action are made from', () => {
  it('says which nodes stay, join and leave, each with the role that describes it', () => {
    const scope = scopeOf(WANTED, BEFORE);
    expect(labels(scope.staying)).toEqual(['web 2 cpu 4', 'web 10 cpu 4']);
    expect(labels(scope.joining)).toEqual(['web 11 cpu 4']);
    // A node that leaves has the role of before; one that was deleted already is not taken away again.
    expect(labels(scope.leaving)).toEqual(['cache 1 cpu 1']);
    expect(labels(scope.all)).toEqual(['cache 1 cpu 1', 'web 2 cpu 4', 'web 10 cpu 4', 'web 11 cpu 4']);
    expect(scope.before).toBe(BEFORE);
  });

  it('lets all nodes stay if the job does not change the desired state', () => {
    const scope = scopeOf(BEFORE);
    expect(labels(scope.staying)).toEqual(labels(scope.all));
    expect(scope.all).toHaveLength(4);
    expect([scope.joining, scope.leaving, scope.before]).toEqual([[], [], null]);
  });

  it('refuses a node whose role neither cluster has', () => {
    const roleless = { ...BEFORE, roles: [SMALL] };
    expect(() => scopeOf(WANTED, roleless)).toThrow(expect.objectContaining({ code: 'ROLE_MISSING' }));
  });

  it('tells RegisterMetadata which hosts join and leave, and which roles are resized', () => {
    const directive = {
      addingHosts: ['cln-web-11'],
      deletingHosts: ['cln-cache-1'],
      verticalScalingRoles: ['web'],
    };
    expect(createMetadataLayer(scopeOf(WANTED, BEFORE), directive).tasks).toMatchObject([
      { action: 'RegisterMetadata', nodeId: null, directive },
    ]);
    expect(createMetadataLayer(scopeOf(WANTED)).tasks).toMatchObject([{ directive: {} }]);
  });
});
