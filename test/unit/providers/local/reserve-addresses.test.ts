import { expect, it } from 'vitest';
import { reserveAddresses } from '../../../../src/providers/local/reserve-addresses.ts';

const reservedOf = (clusterId: string, reservedIps: Record<string, string>, range = '127.77.0.0/16') =>
  reserveAddresses(reservedIps, clusterId, range);

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

it('reserves nothing where nothing is asked for', () => {
  expect(reservedOf('cl-1', {})).toEqual({});
});
