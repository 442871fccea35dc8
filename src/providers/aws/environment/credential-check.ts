import { WindlassError } from '../../../domain/index.ts';
import type { AccountIdentity, Call, ValidateCredentialRequest } from '../../../provider/index.ts';
import { awsCodeOf } from '../cloud/to-windlass-error.ts';
import type { FindAwsRuntime, AwsRuntime } from '../aws-runtime.ts';
import { checkNames } from './check-names.ts';

/**
 * Checks the credential's identity, then that it can use the region and zone, then that everything that
 * the settings name exists: the error says which of these is wrong.
 */
export async function validateCredential(
  findRuntime: FindAwsRuntime,
  { url, zone, credential, settings }: ValidateCredentialRequest,
  call: Call,
): Promise<AccountIdentity> {
  const aws = findRuntime({ runtime: { url, zone, settings }, credential });
  const account = await findAccount(aws, url, call);
  const zones = await findZones(aws, call);
  if (!zones.includes(zone)) {
    throw new WindlassError('not-found', `region ${aws.cloud.region} has no zone ${JSON.stringify(zone)}`, {
      code: 'AWS_ZONE',
      field: 'zone',
      hint: `choose one of: ${zones.join(', ')}`,
    });
  }
  await checkNames(aws, call);
  return { account, region: aws.cloud.region };
}

async function findAccount(
  { cloud, settings }: Pick<AwsRuntime, 'cloud' | 'settings'>,
  url: string,
  call: Call,
): Promise<string> {
  try {
    const { Account } = await cloud.sts(call, 'GetCallerIdentity', (sts, options) =>
      sts.getCallerIdentity({}, options),
    );
    if (Account !== undefined && /^\d+$/.test(Account)) return Account;
  } catch (error) {
    throw WindlassError.isInstance(error) ? toFieldOfAddress(error, url, { cloud, settings }) : error;
  }
  throw new WindlassError('unavailable', 'AWS did not return the identity of the credential', {
    code: 'AWS_ANSWER',
    field: url === '' ? 'credential' : 'url',
    hint: 'check that the url of the runtime is an endpoint of AWS',
  });
}

/** No answer: a custom endpoint means that the url is wrong, otherwise the region does not exist in DNS. */
function toFieldOfAddress(
  error: WindlassError,
  url: string,
  { cloud: { region }, settings }: Pick<AwsRuntime, 'cloud' | 'settings'>,
): WindlassError {
  if (error.code !== 'AWS_UNREACHABLE' && error.code !== 'AWS_ANSWER') return error;
  if (url !== '') return WindlassError.fromInfo({ ...error.toInfo(), field: 'url' });
  if (awsCodeOf(error) !== 'ENOTFOUND') return error;
  return new WindlassError('not-found', `AWS has no region ${region}, or it cannot be reached from here`, {
    code: 'AWS_REGION',
    field: settings.region === undefined ? 'zone' : 'region',
    hint: 'e.g. eu-central-1a; `windlass runtime zones` lists those of your account',
  });
}

/** @throws permission `AWS_REGION_OFF`, field `zone`, for a region that the account has not enabled. */
export async function findZones(
  { cloud }: Pick<AwsRuntime, 'cloud'>,
  call: Call,
): Promise<readonly string[]> {
  try {
    const { AvailabilityZones = [] } = await cloud.ec2(call, 'DescribeAvailabilityZones', (ec2, options) =>
      ec2.describeAvailabilityZones({}, options),
    );
    return AvailabilityZones.map(({ ZoneName = '' }) => ZoneName).sort();
  } catch (error) {
    // STS accepted the caller a moment ago: it is the region that does not.
    const code = WindlassError.isInstance(error) ? awsCodeOf(error) : undefined;
    if (code !== 'AuthFailure' && code !== 'OptInRequired') throw error;
    throw new WindlassError('permission', `the account cannot use region ${cloud.region} (${code})`, {
      code: 'AWS_REGION_OFF',
      field: 'zone',
      hint: 'enable the region in the settings of the account, or choose a zone of another',
    });
  }
}
