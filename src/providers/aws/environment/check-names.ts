import { WindlassError } from '../../../domain/index.ts';
import type { AwsCloud, RequestCall } from '../cloud/open-cloud.ts';
import { describeTypesByName, findImage, findSubnet } from '../cloud/catalogue.ts';
import { isAwsCode, isNotFoundError } from '../cloud/to-windlass-error.ts';
import type { AwsRuntime } from '../aws-runtime.ts';
import { matchesPattern } from '../instance-types.ts';
import type { AwsSettings, FrontgateSettings } from '../settings.ts';

/**
 * Checks that everything that a runtime's settings name exists and fits together.
 *
 * @throws not-found or invalid-input, with the setting as `field`.
 */
export async function checkNames(aws: AwsRuntime, call: RequestCall): Promise<void> {
  const { cloud, settings } = aws;
  await Promise.all([
    ...settings.subnets.map((subnetId) => findSubnet(cloud, call, subnetId, 'subnet')),
    checkKeyName(cloud, call, settings.keyName),
    checkSecurityGroups(cloud, call, settings.securityGroups),
    checkTypes(cloud, call, settings.instanceTypes),
    checkFrontgate(aws, call, settings.frontgate),
    ...listImages(settings).map(async ({ name, field }) => {
      const image = await findImage(cloud, call, name, field);
      assertArchitecture(image, settings, field);
    }),
  ]);
}

function listImages(settings: AwsSettings): readonly { readonly name: string; readonly field: string }[] {
  return [
    ...(settings.image === undefined ? [] : [{ name: settings.image, field: 'image' }]),
    ...[...settings.imageOfApp].map(([app, name]) => ({ name, field: `image.${app}` })),
    ...(settings.frontgate?.image === undefined
      ? []
      : [{ name: settings.frontgate.image, field: 'frontgateImage' }]),
  ];
}

/** @throws invalid-input `AWS_ARCHITECTURE`. */
export function assertArchitecture(
  image: { readonly imageId: string; readonly architecture: string },
  { architecture }: Pick<AwsSettings, 'architecture'>,
  field: string,
): void {
  if (image.architecture === architecture) return;
  throw new WindlassError(
    'invalid-input',
    `image ${image.imageId} is made for ${image.architecture}, but the runtime is for ${architecture}`,
    {
      code: 'AWS_ARCHITECTURE',
      field,
      hint: `name another image, or --set architecture=${image.architecture}`,
    },
  );
}

async function checkKeyName(cloud: AwsCloud, call: RequestCall, keyName: string | undefined): Promise<void> {
  if (keyName === undefined) return;
  try {
    await cloud.ec2(call, 'DescribeKeyPairs', (ec2, options) =>
      ec2.describeKeyPairs({ KeyNames: [keyName] }, options),
    );
  } catch (error) {
    if (!isNotFoundError(error)) throw error;
    throw unknown('keyName', `there is no key pair ${JSON.stringify(keyName)} in ${cloud.region}`);
  }
}

async function checkSecurityGroups(
  cloud: AwsCloud,
  call: RequestCall,
  ids: readonly string[],
): Promise<void> {
  if (ids.length === 0) return;
  try {
    await cloud.ec2(call, 'DescribeSecurityGroups', (ec2, options) =>
      ec2.describeSecurityGroups({ GroupIds: [...ids] }, options),
    );
  } catch (error) {
    if (!isNotFoundError(error) && !isAwsCode(error, 'InvalidGroupId.Malformed')) throw error;
    throw unknown(
      'securityGroups',
      `not all of the security groups ${ids.join(', ')} are in ${cloud.region}`,
    );
  }
}

async function checkTypes(cloud: AwsCloud, call: RequestCall, patterns: readonly string[]): Promise<void> {
  const known = [...(await describeTypesByName(cloud, call, patterns)).keys()];
  const missing = patterns.filter((pattern) => !known.some((name) => matchesPattern(name, pattern)));
  if (missing.length > 0)
    throw unknown('instanceTypes', `there is no instance type ${missing.join(', ')} in ${cloud.region}`);
}

/** The job that creates a frontgate runs long after the runtime was checked. */
async function checkFrontgate(
  { cloud, settings }: AwsRuntime,
  call: RequestCall,
  frontgate: FrontgateSettings | undefined,
): Promise<void> {
  if (frontgate === undefined) return;
  if (frontgate.subnet !== undefined) await findSubnet(cloud, call, frontgate.subnet, 'frontgateSubnet');
  const field = 'frontgateInstanceType';
  const { instanceType } = frontgate;
  const type = (await describeTypesByName(cloud, call, [instanceType])).get(instanceType);
  if (type === undefined)
    throw unknown(field, `there is no instance type ${instanceType} in ${cloud.region}`);
  if (type.architectures.includes(settings.architecture)) return;
  throw new WindlassError(
    'invalid-input',
    `a frontgate of type ${instanceType} cannot run images for ${settings.architecture}`,
    {
      code: 'AWS_ARCHITECTURE',
      field,
      hint: 'e.g. t3.micro for x86_64, t4g.micro for arm64: --set frontgateInstanceType=…',
    },
  );
}

function unknown(field: string, message: string): WindlassError {
  return new WindlassError('not-found', message, {
    code: 'AWS_NAME_UNKNOWN',
    field,
    hint: `correct it: windlass runtime update NAME --set ${field}=…`,
  });
}
