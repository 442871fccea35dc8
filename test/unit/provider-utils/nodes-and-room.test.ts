import { expect, it } from 'vitest';
import type { LedgerResource, NodeVolume } from '../../../src/domain/index.ts';
import { findShortage, mergeNodeVolumes, statusWithoutInstance } from '../../../src/provider-utils/index.ts';

const volume = (index: number, volumeId: string): NodeVolume => ({
  index,
  volumeId,
  sizeGiB: 1,
  device: '',
  mountPoint: '',
});

it('reports the volumes that a task is about as found, the others as they were, in order', () => {
  const node = { volumes: [volume(0, 'old-0'), volume(1, 'old-1'), volume(2, 'old-2')] };
  const merged = mergeNodeVolumes({ node } as never, [volume(2, 'new-2'), volume(1, '')]);
  expect(merged.map(({ volumeId }) => volumeId)).toEqual(['old-0', '', 'new-2']);
});

it('calls a node lost of which there was an instance, by its row or its id', () => {
  const made = { state: 'made' } as LedgerResource;
  expect(statusWithoutInstance({ instanceId: '', status: 'pending' }, made)).toBe('lost');
  expect(statusWithoutInstance({ instanceId: 'i-1', status: 'active' }, undefined)).toBe('lost');
  expect(statusWithoutInstance({ instanceId: '', status: 'deleted' }, undefined)).toBe('deleted');
  expect(statusWithoutInstance({ instanceId: '', status: 'active' }, undefined)).toBe('pending');
});

it('says how much is asked for and left, and lets what just fits through', () => {
  expect(findShortage('CPUs', { limit: 8, used: 4, reserved: 1, asked: 4 })).toBe(
    '4 CPUs are requested, but 3 are left of 8 (4 in use, 1 reserved by running jobs)',
  );
  expect(findShortage('CPUs', { limit: 8, used: 4, reserved: 0, asked: 4 })).toBeUndefined();
  expect(findShortage('TiB', { limit: 0.3, used: 0.1, reserved: 0, asked: 0.2 })).toBeUndefined();
  expect(findShortage('CPUs', { limit: 1, used: 4, reserved: 0, asked: 0 })).toBeUndefined();
});
