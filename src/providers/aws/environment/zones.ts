import { WindlassError, type Credential } from '../../../domain/index.ts';
import type { Call } from '../../../provider/index.ts';
import type { OpenCloud } from '../cloud/open-cloud.ts';
import { readAwsSettings } from '../settings.ts';
import { findZones } from './credential-check.ts';

/** The region that is asked for the list of regions when none is named. */
const FIRST_REGION = 'us-east-1';

/**
 * The zones of the region that the settings name, otherwise of all regions that the account may use,
 * sorted. A region that refuses is left out; one that does not answer is an error.
 */
export async function describeZones(
  openCloud: OpenCloud,
  request: {
    readonly url: string;
    readonly credential: Credential;
    readonly settings: Readonly<Record<string, string>>;
  },
  call: Call,
): Promise<readonly string[]> {
  const settings = readAwsSettings(request.settings);
  const open = (region: string) => openCloud({ ...request, settings, region });
  if (settings.region !== undefined) return findZones({ cloud: open(settings.region) }, call);
  const { Regions = [] } = await open(FIRST_REGION).ec2(call, 'DescribeRegions', (ec2, options) =>
    ec2.describeRegions({}, options),
  );
  const zones = await Promise.all(
    Regions.map(async ({ RegionName = '' }) => {
      try {
        return await findZones({ cloud: open(RegionName) }, call);
      } catch (error) {
        if (WindlassError.isInstance(error) && error.kind === 'permission') return [];
        throw error;
      }
    }),
  );
  return zones.flat().sort();
}
