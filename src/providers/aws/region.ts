import { WindlassError } from '../../domain/index.ts';
import type { AwsSettings } from './settings.ts';

/**
 * The region of an Availability Zone, by its name: `eu-central-1b`, a Local Zone (`us-east-1-bos-1a`) or a
 * Wavelength Zone also begins with its region.
 *
 * @throws invalid-input `AWS_ZONE`, field `zone`.
 */
export function toRegion(zone: string, settings: Pick<AwsSettings, 'region'>): string {
  if (settings.region !== undefined) return settings.region;
  const region = /^([a-z]{2}(?:-[a-z]+)+?-\d+)[a-z-]/.exec(zone)?.[1];
  if (region !== undefined) return region;
  throw new WindlassError(
    'invalid-input',
    `${JSON.stringify(zone)} is not the name of an Availability Zone`,
    {
      code: 'AWS_ZONE',
      field: 'zone',
      hint: 'e.g. eu-central-1a; `windlass runtime zones` lists those of your account',
    },
  );
}
