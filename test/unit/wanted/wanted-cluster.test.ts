import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  MAX_NODES,
  type Cluster,
  type ClusterWrapper,
  type Conf,
  type ParsedCluster,
  type RoleSpec,
} from '../../../src/domain/index.ts';
import { mergeConf } from '../../../src/plan/index.ts';
import { aCluster, aNode, aRole, NOW } from '../../kit/sample-records.ts';
import {
  adjustRoles,
  joinLeaving,
  mergeWanted,
  newCluster,
  withoutLeaving,
} from '../../../src/wanted/index.ts';

/** As it is when it has run for a while. */
function stored(size: number): ClusterWrapper {
  const wrapper = aCluster('cl-1', 'rt-1', size, { status: 'active', vpcId: 'vpc-found', name: 'mine' });
  return {
    ...wrapper,
    nodes: wrapper.nodes.map((node) => ({
      ...node,
      status: 'active',
      instanceId: `i-${node.serverId}`,
      privateIp: `10.0.0.${node.serverId}`,
      volumes: node.volumes.map((volume) => ({ ...volume, volumeId: 'vol-1', device: '/dev/vdb' })),
    })),
  };
}

/** Of every spec and fact what it is: a key that is missing here does not compile. */
const CLUSTER_KEYS: Readonly<Record<keyof Cluster, 'spec' | 'fact'>> = {
  description: 'spec',
  env: 'spec',
  endpoints: 'spec',
  metadataRootAccess: 'spec',
  advancedActions: 'spec',
  upgradePolicy: 'spec',
  healthCheck: 'spec',
  monitor: 'spec',
  displayTabs: 'spec',
  backupPolicy: 'spec',
  incrementalBackupSupported: 'spec',
  upgradingPolicy: 'spec',
  multiZonePolicy: 'spec',
  advancedServices: 'spec',
  addLinks: 'spec',
  extra: 'spec',
  clusterId: 'fact',
  purpose: 'fact',
  name: 'fact',
  runtimeId: 'fact',
  versionId: 'fact',
  appName: 'fact',
  subnetId: 'fact',
  vpcId: 'fact',
  reservedIps: 'fact',
  status: 'fact',
  transitionStatus: 'fact',
  conf: 'fact',
  previous: 'fact',
  adjustments: 'fact',
  wasActive: 'fact',
  createdAt: 'fact',
};

/** What a provider makes of a conf that asks for so many nodes. */
function parsed(count: number, change: Partial<RoleSpec> = {}): ParsedCluster {
  const { cluster } = aCluster('cl-1', 'rt-1', 0);
  const specs = Object.entries(cluster).filter(([key]) => CLUSTER_KEYS[key as keyof Cluster] === 'spec');
  const { clusterId: _clusterId, ...role } = aRole('cl-1', 'main');
  return {
    place: { name: 'parsed', subnetId: 'other', reservedIps: {} },
    cluster: Object.fromEntries(specs) as unknown as ParsedCluster['cluster'],
    roles: [{ ...role, count, ...change }],
    links: {},
  };
}

/** A cluster of so many nodes that has run for a while. */
function running(count: number, change: Partial<RoleSpec> = {}): ClusterWrapper {
  const made = newCluster(parsed(count, change), {
    clusterId: 'cl-1',
    runtimeId: 'rt-1',
    versionId: 'appv-1',
    appName: 'app',
    createdAt: NOW,
  });
  const nodes = made.nodes.map((node) => ({
    ...node,
    status: 'active' as const,
    instanceId: `i-${node.nodeId}`,
  }));
  return { ...made, nodes };
}

describe('mergeWanted', () => {
  it('takes every spec from what was parsed and keeps every fact, whatever they are', () => {
    const value = fc.jsonValue({ maxDepth: 1 });
    const keys = Object.keys(CLUSTER_KEYS) as (keyof Cluster)[];
    const ofKind = (kind: 'spec' | 'fact') =>
      fc.record(
        Object.fromEntries(keys.filter((key) => CLUSTER_KEYS[key] === kind).map((key) => [key, value])),
      );
    fc.assert(
      fc.property(ofKind('spec'), ofKind('spec'), ofKind('fact'), (old, fresh, facts) => {
        const before = running(1);
        const known = { ...facts, clusterId: 'cl-1', adjustments: [] };
        const cluster = { ...old, ...known } as unknown as Cluster;
        const merged = mergeWanted(
          { ...before, cluster },
          {
            ...parsed(1),
            cluster: fresh as unknown as ParsedCluster['cluster'],
          },
        );
        expect(merged.cluster).toEqual({ ...fresh, ...known });
        expect(Object.keys(merged.cluster).sort()).toEqual([...keys].sort());
      }),
    );
  });

  it('keeps what has happened to nodes that stay, and begins new ones as pending', () => {
    const before = running(2);
    const { nodes } = mergeWanted(before, parsed(3));
    expect(nodes.slice(0, 2)).toEqual(before.nodes);
    expect(nodes[2]).toMatchObject({ serverId: 3, status: 'pending', instanceId: '' });
  });

  it('adds a volume that is new, beside those that are made', () => {
    const before = running(1);
    const [volume] = before.roles[0]?.volumes ?? [];
    if (volume === undefined) throw new Error('the role has no volume');
    const nodes = before.nodes.map((node) => ({
      ...node,
      volumes: node.volumes.slice(0, 1).map((made) => ({ ...made, volumeId: 'vol-1' })),
    }));
    const more = { ...volume, index: 1, mountPoint: '/more' };
    const merged = mergeWanted({ ...before, nodes }, parsed(1, { volumes: [volume, more] }));
    expect(merged.nodes[0]?.volumes.map(({ volumeId }) => volumeId)).toEqual(['vol-1', '']);
  });
});

describe('adjustments of roles', () => {
  const change = (
    before: ClusterWrapper,
    request: Parameters<typeof adjustRoles>[1],
    count: number,
    role = {},
  ) => mergeWanted(before, parsed(count, role), { adjustments: adjustRoles(before, request) });
  const serverIds = ({ nodes }: ClusterWrapper) => nodes.map((node) => node.serverId);

  it('stay through an update: after add-nodes the count is kept, whatever the conf says', () => {
    const scaled = change(running(2), { action: 'add-nodes', options: { role: 'main', count: 3 } }, 2);
    expect(serverIds(scaled)).toEqual([1, 2, 3, 4, 5]);
    for (const action of ['update-env', 'upgrade', 'rollback'] as const) {
      const updated = change(scaled, { action, options: {} }, 4);
      expect(serverIds(updated)).toEqual([1, 2, 3, 4, 5]);
      expect(updated.roles[0]?.count).toBe(5);
    }
  });

  it('take away the nodes that are named, and give their server ids to no other node', () => {
    const before = running(3);
    const leaving = before.nodes[1]?.nodeId ?? '';
    const fewer = change(before, { action: 'delete-nodes', options: { nodeIds: [leaving] } }, 3);
    expect(serverIds(fewer)).toEqual([1, 3]);
    // While the job runs, or after it has failed, the node is still stored.
    const unfinished = { ...fewer, nodes: before.nodes };
    expect(serverIds(change(unfinished, { action: 'update-env', options: {} }, 3))).toEqual([1, 3]);
    const again = change(unfinished, { action: 'delete-nodes', options: { nodeIds: [leaving] } }, 3);
    expect(serverIds(again)).toEqual([1, 3]);
    const more = change(fewer, { action: 'add-nodes', options: { role: 'main', count: 1 } }, 3);
    expect(serverIds(more)).toEqual([1, 3, 4]);
    expect(more.cluster.adjustments).toEqual([{ role: 'main', count: 3 }]);
  });

  it('reuse a server id where the upper bound of the role leaves no other', () => {
    const bound = { serverIdUpperBound: 3 };
    const before = running(3, bound);
    const second = before.nodes[1]?.nodeId ?? '';
    const fewer = change(before, { action: 'delete-nodes', options: { nodeIds: [second] } }, 3, bound);
    const more = (count: number) =>
      change(fewer, { action: 'add-nodes', options: { role: 'main', count } }, 3, bound);
    expect(serverIds(more(1)).sort()).toEqual([1, 2, 3]);
    expect(() => more(2)).toThrow(/no server id left/);
  });

  it('keep each replica with the node that it copies', () => {
    const before = running(2, { replica: 1 });
    expect(serverIds(before)).toEqual([1, 2, 3, 4]);
    const more = change(before, { action: 'add-nodes', options: { role: 'main', count: 1 } }, 2, {
      replica: 1,
    });
    expect(more.nodes.filter((node) => before.nodes.some(({ nodeId }) => nodeId === node.nodeId))).toEqual(
      [...before.nodes].sort((a, b) => Number(a.isReplica) - Number(b.isReplica)),
    );
    expect(more.nodes.map(({ groupId }) => groupId)).toEqual([1, 2, 3, 1, 2, 3]);
    const replica = before.nodes.find((node) => node.isReplica)?.nodeId ?? '';
    expect(() => adjustRoles(before, { action: 'delete-nodes', options: { nodeIds: [replica] } })).toThrow(
      /is removed with the node that it copies/,
    );
  });

  it('hold sizes too, each for itself', () => {
    const once = change(running(1), { action: 'resize', options: { sizes: [{ role: 'main', cpu: 8 }] } }, 1);
    const sizes = [{ role: 'main', memoryMiB: 9000, volumeSizeGiB: 70 }];
    const twice = change(once, { action: 'resize', options: { sizes } }, 1);
    expect(twice.roles[0]).toMatchObject({ cpu: 8, memoryMiB: 9000 });
    expect(twice.roles[0]?.volumes.every(({ sizeGiB }) => sizeGiB === 70)).toBe(true);
  });

  it('are refused where no node or too many would be', () => {
    for (const [action, count] of [
      ['delete-nodes', 2],
      ['add-nodes', MAX_NODES],
    ] as const) {
      const request = { action, options: { role: 'main', count } };
      expect(() => adjustRoles(running(2), request)).toThrow(/cannot have/);
    }
    expect(() => mergeWanted(running(2), parsed(MAX_NODES + 1))).toThrow(/too large/);
  });
});

describe('what leaves', () => {
  it('is stored beside what is wanted, with its role, and told from it again', () => {
    const before: ClusterWrapper = {
      ...stored(3),
      roles: [aRole('cl-1', 'main'), aRole('cl-1', 'old')],
      nodes: [...stored(3).nodes, aNode('cl-1', 9, { role: 'old-replica', isReplica: true })],
    };
    const wanted: ClusterWrapper = {
      ...before,
      roles: [aRole('cl-1', 'main')],
      nodes: before.nodes.slice(0, 2),
    };
    const { joined, leaving } = joinLeaving(before, wanted);
    expect(leaving).toEqual({ nodeIds: ['cl-1-n3', 'cl-1-n9'], roles: ['old'] });
    expect(joined.nodes).toHaveLength(4);
    expect(joined.roles.map((role) => role.role)).toEqual(['main', 'old']);
    expect(withoutLeaving(joined, leaving)).toEqual(wanted);
  });
});

describe('mergeConf', () => {
  it('goes into groups, replaces values as a whole, and takes away what is null', () => {
    const conf: Conf = { a: { b: 1, c: [1, 2], d: 'x' }, e: 2 };
    expect(mergeConf(conf, { a: { b: null, c: [3] }, f: { g: 1 } })).toEqual({
      a: { c: [3], d: 'x' },
      e: 2,
      f: { g: 1 },
    });
    expect(conf).toEqual({ a: { b: 1, c: [1, 2], d: 'x' }, e: 2 });
  });

  it('does not look into references and sealed values', () => {
    const conf: Conf = { password: { $secret: 'conf/password' } };
    expect(mergeConf(conf, { password: { $sealed: 'abc' } })).toEqual({ password: { $sealed: 'abc' } });
  });

  it('says the same when it is put over twice, and never touches a prototype', () => {
    const json = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 }), { noNullPrototype: true });
    fc.assert(
      fc.property(json, json, (conf, change) => {
        const once = mergeConf(conf, change);
        expect(mergeConf(once, change)).toEqual(once);
        expect(Object.getPrototypeOf(once)).toBe(Object.prototype);
      }),
    );
  });
});
