import { expect, it } from 'vitest';
import { assertZone, readLocalSettings } from '../../../../src/providers/local/settings.ts';
import { parseAddressRange, toAddress } from '../../../../src/providers/local/cloud/address-range.ts';

it('reads every setting, and has defaults for all', () => {
  expect(readLocalSettings({})).toEqual({
    folder: undefined,
    zones: ['local-1'],
    addressRange: '127.77.0.0/16',
    bootDelayMs: 0,
    nodeAccess: 'direct',
    quotas: {},
  });
  expect(
    readLocalSettings({ zones: 'b, a,b', quotaCpu: '4', quotaVolumeGiB: '0', bootDelayMs: '50' }),
  ).toMatchObject({
    zones: ['a', 'b'],
    quotas: { cpu: 4, volumeGiB: 0 },
    bootDelayMs: 50,
  });
});

it('names every setting that is wrong', () => {
  expect(() =>
    readLocalSettings({ quotaCpu: '-1', zones: 'A', addressRange: '10.0.0.0/8', colour: 'red' }),
  ).toThrow(
    expect.objectContaining({
      kind: 'invalid-input',
      code: 'RUNTIME_SETTINGS',
      details: ['colour', 'zones', 'addressRange', 'quotaCpu'].map((field) =>
        expect.objectContaining({ field }),
      ),
    }),
  );
});

it('knows no zone but those of the settings', () => {
  expect(() => {
    assertZone(readLocalSettings({ zones: 'here' }), 'there');
  }).toThrow(expect.objectContaining({ kind: 'invalid-input', field: 'zone' }));
});

it('counts addresses without the first and last of a range', () => {
  const range = parseAddressRange('127.77.3.77/30');
  expect(range.size).toBe(2);
  expect([0, 1].map((index) => toAddress(range, index))).toEqual(['127.77.3.77', '127.77.3.78']);
  const all = parseAddressRange('127.0.0.0/8');
  expect(toAddress(all, all.size - 1)).toBe('127.255.255.254');
});
