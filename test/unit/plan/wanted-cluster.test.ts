import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ClusterWrapper, Conf } from '../../../src/domain/index.ts';
import { joinLeaving, mergeWanted, putConf, withoutLeaving } from '../../../src/plan/index.ts';
import { aCluster, aNode, aRole } from '../../kit/records.ts';

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

describe('mergeWanted', () => {
  it('keeps what has happened to cluster and nodes, and takes the rest from what was parsed', () => {
    const parsed = aCluster('cl-1', 'rt-1', 3, {
      versionId: 'appv-2',
      vpcId: '',
      description: 'new',
      name: 'x',
    });
    const before = stored(2);
    const { cluster, nodes } = mergeWanted(before, parsed);
    expect(cluster).toMatchObject({
      versionId: 'appv-2',
      description: 'new',
      status: 'active',
      vpcId: 'vpc-found',
      name: 'mine',
    });
    expect(nodes.slice(0, 2)).toEqual(before.nodes);
    expect(nodes[2]).toEqual(parsed.nodes[2]);
  });

  it('adds a volume that is new, beside those that are made', () => {
    const parsed = aCluster('cl-1', 'rt-1', 1);
    const [node] = parsed.nodes;
    const fresh = { index: 1, volumeId: '', sizeGiB: 5, device: '', mountPoint: '/more' };
    const [merged] = mergeWanted(stored(1), {
      ...parsed,
      nodes: node === undefined ? [] : [{ ...node, volumes: [...node.volumes, fresh] }],
    }).nodes;
    expect(merged?.volumes.map(({ volumeId }) => volumeId)).toEqual(['vol-1', '']);
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

describe('putConf', () => {
  it('goes into groups, replaces values as a whole, and takes away what is null', () => {
    const conf: Conf = { a: { b: 1, c: [1, 2], d: 'x' }, e: 2 };
    expect(putConf(conf, { a: { b: null, c: [3] }, f: { g: 1 } })).toEqual({
      a: { c: [3], d: 'x' },
      e: 2,
      f: { g: 1 },
    });
    expect(conf).toEqual({ a: { b: 1, c: [1, 2], d: 'x' }, e: 2 });
  });

  it('does not look into references and sealed values', () => {
    const conf: Conf = { password: { $secret: 'conf/password' } };
    expect(putConf(conf, { password: { $sealed: 'abc' } })).toEqual({ password: { $sealed: 'abc' } });
  });

  it('says the same when it is put over twice, and never touches a prototype', () => {
    const json = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 }), { noNullPrototype: true });
    fc.assert(
      fc.property(json, json, (conf, change) => {
        const once = putConf(conf, change);
        expect(putConf(once, change)).toEqual(once);
        expect(Object.getPrototypeOf(once)).toBe(Object.prototype);
      }),
    );
  });
});
