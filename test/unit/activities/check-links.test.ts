import { describe, expect, it } from 'vitest';
import { checkLinks, type LinkCheck } from '../../../activities/check-links.ts';
import { WindlassError } from '../../../src/domain/index.ts';
import { aCluster, anAppVersion } from '../../kit/sample-records.ts';

const RUNTIME = 'rt-1';
const FORM = JSON.stringify({
  properties: [
    { key: 'zk', label: '', type: 'service', required: 'no', default: '', limits: { zookeeper: [] } },
  ],
});
const CLUSTERS = [
  aCluster('cl-zk', RUNTIME, 1, { appName: 'zookeeper' }),
  aCluster('cl-etcd', RUNTIME, 1, { appName: 'etcd', name: 'my-etcd' }),
  aCluster('cl-dead', RUNTIME, 1, { appName: 'zookeeper', status: 'deleted' }),
  aCluster('cl-far', 'rt-2', 1, { appName: 'zookeeper' }),
  aCluster('cl-gate', RUNTIME, 1, { appName: 'zookeeper', purpose: 'frontgate' }),
];

const stores = {
  clusters: {
    resolve: async (idOrName: string) => {
      const found = CLUSTERS.find(
        ({ cluster }) => cluster.clusterId === idOrName || cluster.name === idOrName,
      );
      if (found === undefined) throw new WindlassError('not-found', 'no such cluster', { code: 'X' });
      return found.cluster;
    },
  },
  apps: { get: async () => anAppVersion('1', { version: '3.8' }) },
} as unknown as Parameters<typeof checkLinks>[0];

async function check(change: Partial<LinkCheck> & Pick<LinkCheck, 'links'>): Promise<unknown> {
  const files = [{ path: 'config.json', content: new TextEncoder().encode(FORM), mode: 0o644 }];
  const request = { content: { versionId: 'appv-1', files }, conf: {}, runtimeId: RUNTIME, ...change };
  return checkLinks(stores, request).then(
    () => [],
    (error: unknown) => (WindlassError.isInstance(error) ? error.details : [error]),
  );
}

describe('the links of a cluster', () => {
  it.each([
    ['does not exist', 'cl-none'],
    ['is deleted', 'cl-dead'],
    ['is of another runtime', 'cl-far'],
    ['is a frontgate', 'cl-gate'],
  ])('may not stand in cluster.json where the cluster %s', async (_, target) => {
    const message = `there is no cluster with the id "${target}" in this runtime`;
    expect(await check({ links: { zk: target } })).toEqual([{ field: 'links.zk', message }]);
  });

  it('must be ids in cluster.json too', async () => {
    expect(await check({ links: { store: 'my-etcd' } })).toEqual([
      { field: 'links.store', message: 'must be an id: that of "my-etcd" is cl-etcd' },
    ]);
  });

  it('may lead to any app where they stand in cluster.json', async () => {
    expect(await check({ links: { zk: 'cl-zk', store: 'cl-etcd' } })).toEqual([]);
  });

  it('are checked against the limits of the item that chose them, once', async () => {
    const refused = await check({ conf: { zk: 'cl-etcd' }, links: { zk: 'cl-etcd' } });
    expect(refused).toMatchObject([{ field: 'zk', message: expect.stringContaining('of etcd 3.8') }]);
    expect(await check({ conf: { zk: 'cl-zk' }, links: { zk: 'cl-zk' } })).toEqual([]);
  });

  it('are all named where several are wrong', async () => {
    const links = { zk: 'cl-dead', one: 'cl-none', two: 'cl-far' };
    const faults = await check({ conf: { zk: 'cl-dead' }, links });
    expect(faults).toMatchObject([{ field: 'zk' }, { field: 'links.one' }, { field: 'links.two' }]);
  });

  it('of a stored cluster are checked only where a change brings them', async () => {
    const known = [{ clusterId: 'cl-new', name: 'zk', targetClusterId: 'cl-dead' }];
    expect(await check({ conf: { zk: 'cl-dead' }, links: { zk: 'cl-dead' }, known })).toEqual([]);
    const faults = await check({ links: { zk: 'cl-dead', store: 'cl-none' }, known });
    expect(faults).toMatchObject([{ field: 'links.store' }]);
  });
});
