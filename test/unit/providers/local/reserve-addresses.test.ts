import { expect, it } from 'vitest';
import { reserveAddresses } from '../../../../src/providers/local/reserve-addresses.ts';
import { aCluster } from '../../../kit/records.ts';

const clusterWith = (clusterId: string, reservedIps: Record<string, string>) =>
  aCluster(clusterId, 'rt-1', 1, { reservedIps });

const reservedOf = (clusterId: string, reservedIps: Record<string, string>, range = '127.77.0.0/16') =>
  reserveAddresses(clusterWith(clusterId, reservedIps), range).cluster.reservedIps;

it('gives the same cluster the same reserved addresses, another cluster others', () => {
  const reserved = reservedOf('cl-1', { vip: '', web: '' });
  expect(reserved).toEqual(reservedOf('cl-1', { vip: '', web: '' }));
  const all = [...Object.values(reserved), ...Object.values(reservedOf('cl-2', { vip: '', web: '' }))];
  expect(new Set(all).size).toBe(4);
});

it('reserves addresses where no instance is, and keeps those that are there', () => {
  expect(reservedOf('cl-1', { vip: '' })['vip']).toMatch(/^127\.(1[2-9]\d|2\d\d)\./);
  expect(reservedOf('cl-1', { vip: '' }, '127.200.0.0/16')['vip']).toMatch(
    /^127\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\./,
  );
  expect(reservedOf('cl-1', { vip: '127.1.2.3' })).toEqual({ vip: '127.1.2.3' });
});

it('leaves a cluster that reserves nothing as it is', () => {
  const cluster = clusterWith('cl-1', {});
  expect(reserveAddresses(cluster, '127.77.0.0/16')).toEqual(cluster);
});
