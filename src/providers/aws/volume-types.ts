import type { VolumeSpec } from '../../domain/index.ts';
import type { AwsSettings } from './settings.ts';

/** How a volume of a package is created on EBS. */
export interface VolumeKind {
  readonly type: string;
  readonly iops: number | undefined;
}

/** The least and most GiB that EBS allows for a type. */
export const VOLUME_SIZES: Readonly<Record<string, readonly [number, number]>> = {
  gp3: [1, 16_384],
  gp2: [1, 16_384],
  io1: [4, 16_384],
  io2: [4, 65_536],
  st1: [125, 16_384],
  sc1: [125, 16_384],
  standard: [1, 1_024],
};

/**
 * The type of a class of the package specification: 0, 3 and 100 are gp3; 2 (capacity) is st1 if the
 * volume is large enough for it; 5 and 200 (enterprise) are io2; 1 is gp2; anything else is gp3. A runtime
 * may say otherwise (`volumeTypes`).
 */
export function toVolumeKind(
  { volumeClass, sizeGiB }: Pick<VolumeSpec, 'volumeClass' | 'sizeGiB'>,
  settings: Pick<AwsSettings, 'volumeTypeOfClass' | 'volumeIops'>,
): VolumeKind {
  const type = settings.volumeTypeOfClass.get(volumeClass) ?? toTypeOfClass(volumeClass, sizeGiB);
  return { type, iops: toIops(type, sizeGiB, settings.volumeIops) };
}

function toTypeOfClass(volumeClass: number, sizeGiB: number): string {
  if (volumeClass === 1) return 'gp2';
  if (volumeClass === 2) return sizeGiB >= 125 ? 'st1' : 'gp3';
  if (volumeClass === 5 || volumeClass === 200) return 'io2';
  return 'gp3';
}

/** Only these two need a number of operations; fifty for each GiB is the most that io1 allows. */
function toIops(type: string, sizeGiB: number, wanted: number | undefined): number | undefined {
  if (type !== 'io1' && type !== 'io2') return type === 'gp3' ? wanted : undefined;
  return Math.max(100, Math.min(wanted ?? 3_000, sizeGiB * 50));
}
