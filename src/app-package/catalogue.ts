import type { ObjectReader } from './object-reader.ts';

// The catalogue of the specification's own cloud. Other clouds differ, so a value outside may be intended:
// a warning points it out, and the value is kept.
const CATALOGUE = {
  cpu: [1, 2, 4, 8, 12, 16],
  memory: [1024, 2048, 4096, 6144, 8192, 12288, 16384, 24576, 32768, 40960, 49152, 65536, 131072],
  gpu: [0, 1, 2],
  gpu_class: [0],
  instance_class: [0, 1],
  class: [0, 2, 3],
  filesystem: ['ext4', 'xfs', 'ntfs'],
  passphraseless: ['ssh-dsa', 'ssh-rsa'],
} as const satisfies Record<string, readonly (number | string)[]>;

/** Warns of a value that is not in the specification's catalogue. */
export function checkCatalogue(reader: ObjectReader, key: keyof typeof CATALOGUE, value: unknown): void {
  const offered: readonly unknown[] = CATALOGUE[key];
  if (value === undefined || value === null || offered.includes(value)) return;
  reader.warning(
    key,
    `${JSON.stringify(value)} is outside the catalogue of the specification: ${offered.join(', ')}`,
  );
}

const MAX_VOLUMES = 3;
const VOLUME_STEP_GIB = 10;
const MAX_VOLUME_GIB = 5_000;

/** Warns of volumes that exceed the limits of the specification's cloud. */
export function checkVolumeLimits(reader: ObjectReader, sizeGiB: number, volumes: number): void {
  if (volumes > MAX_VOLUMES)
    reader.warning('mount_point', `names ${volumes} volumes; the limit is ${MAX_VOLUMES}`);
  const each = sizeGiB / volumes;
  if (each > MAX_VOLUME_GIB)
    reader.warning('size', `makes volumes of ${each} GiB; the limit is ${MAX_VOLUME_GIB}`);
  if (each % VOLUME_STEP_GIB !== 0) {
    reader.warning(
      'size',
      `makes volumes of ${each} GiB; the catalogue rises in steps of ${VOLUME_STEP_GIB}`,
    );
  }
}
