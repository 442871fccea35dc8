import type { _InstanceType, Image, Subnet } from '@aws-sdk/client-ec2';
import { WindlassError } from '../../../domain/index.ts';
import { toInstanceType, type InstanceType } from '../instance-types.ts';
import type { AwsCloud, RequestCall } from './open-cloud.ts';
import { readPages } from './describe-all.ts';
import { cached } from './cache.ts';
import { isAwsCode, isNotFoundError } from './to-windlass-error.ts';

/** The instance types of some families (`m6i.*`) and type names that a zone offers. */
export async function describeOfferedTypes(
  cloud: AwsCloud,
  call: RequestCall,
  zone: string,
  patterns: readonly string[],
): Promise<readonly InstanceType[]> {
  const sorted = [...patterns].sort();
  const [offered, types] = await Promise.all([
    cached(cloud, call, `offered ${zone}`, (first) => describeOfferings(cloud, first, zone)),
    cached(cloud, call, `types ${sorted.join(' ')}`, (first) => describeTypes(cloud, first, sorted)),
  ]);
  return types.filter(({ name }) => offered.has(name));
}

async function describeOfferings(
  cloud: AwsCloud,
  call: RequestCall,
  zone: string,
): Promise<ReadonlySet<string>> {
  const offerings = await readPages(
    (page) =>
      cloud.ec2(call, 'DescribeInstanceTypeOfferings', (ec2, options) =>
        ec2.describeInstanceTypeOfferings(
          {
            LocationType: 'availability-zone',
            Filters: [{ Name: 'location', Values: [zone] }],
            MaxResults: 1_000,
            ...page,
          },
          options,
        ),
      ),
    (page) => page.InstanceTypeOfferings,
  );
  return new Set(offerings.map(({ InstanceType: name = '' }) => name));
}

async function describeTypes(
  cloud: AwsCloud,
  call: RequestCall,
  patterns: readonly string[],
): Promise<readonly InstanceType[]> {
  const infos = await readPages(
    (page) =>
      cloud.ec2(call, 'DescribeInstanceTypes', (ec2, options) =>
        ec2.describeInstanceTypes(
          { Filters: [{ Name: 'instance-type', Values: [...patterns] }], MaxResults: 100, ...page },
          options,
        ),
      ),
    (page) => page.InstanceTypes,
  );
  return infos.map(toInstanceType);
}

/** Types by name, whether the zone offers them or not; unknown names are left out. */
export async function describeTypesByName(
  cloud: AwsCloud,
  call: RequestCall,
  names: readonly string[],
): Promise<ReadonlyMap<string, InstanceType>> {
  if (names.length === 0) return new Map();
  const sorted = [...new Set(names)].sort();
  const types = await cached(cloud, call, `types ${sorted.join(' ')}`, (first) =>
    describeTypes(cloud, first, sorted),
  );
  return new Map(types.map((type) => [type.name, type]));
}

/** An image that instances can run. */
export interface MachineImage {
  readonly imageId: string;
  readonly architecture: string;
  readonly rootDevice: string;
  readonly rootGiB: number;
  /** The EBS disks that it has besides the root disk: each launch creates one of each. */
  readonly disks: readonly ImageDisk[];
  /** The device names of all its disks except the root; EC2 does not list all of them with the instance. */
  readonly devices: readonly string[];
}

export interface ImageDisk {
  readonly device: string;
  /** Empty for a disk that starts without content. */
  readonly snapshotId: string;
  readonly type: string;
}

/**
 * Resolves the image that a user named: an id, or an SSM parameter that holds one.
 *
 * @throws not-found or invalid-input, naming `field`.
 */
export async function findImage(
  cloud: AwsCloud,
  call: RequestCall,
  name: string,
  field: string,
): Promise<MachineImage> {
  return cached(cloud, call, `image ${name}`, async (first) => {
    const parameter = /^(?:resolve:)?ssm:(.+)$/.exec(name)?.[1];
    const imageId = parameter === undefined ? name : await readParameter(cloud, first, parameter, field);
    try {
      const { Images = [] } = await cloud.ec2(first, 'DescribeImages', (ec2, options) =>
        ec2.describeImages({ ImageIds: [imageId] }, options),
      );
      const [image] = Images;
      if (image !== undefined) return toMachineImage(image, imageId);
    } catch (error) {
      if (!isAwsCode(error, 'InvalidAMIID.NotFound', 'InvalidAMIID.Malformed', 'InvalidAMIID.Unavailable'))
        throw error;
    }
    throw new WindlassError('not-found', `there is no image ${imageId} in ${cloud.region}`, {
      code: 'AWS_IMAGE_NOT_FOUND',
      field,
      hint: 'image ids differ between regions; an image that is not public must be shared with the account',
    });
  });
}

async function readParameter(
  cloud: AwsCloud,
  call: RequestCall,
  name: string,
  field: string,
): Promise<string> {
  try {
    const { Parameter } = await cloud.ssm(call, 'GetParameter', (ssm, options) =>
      ssm.getParameter({ Name: name }, options),
    );
    if (Parameter?.Value !== undefined) return Parameter.Value;
  } catch (error) {
    if (
      !isAwsCode(error, 'ParameterNotFound', 'ParameterVersionNotFound', 'ValidationException') &&
      !isNotFoundError(error)
    )
      throw error;
  }
  throw new WindlassError(
    'not-found',
    `there is no SSM parameter ${JSON.stringify(name)} in ${cloud.region}`,
    {
      code: 'AWS_IMAGE_NOT_FOUND',
      field,
      hint: 'aws ssm get-parameters-by-path --path /aws/service/ami-amazon-linux-latest lists some',
    },
  );
}

function toMachineImage(image: Image, imageId: string): MachineImage {
  const rootDevice = image.RootDeviceName ?? '/dev/xvda';
  const mappings = image.BlockDeviceMappings ?? [];
  const root = mappings.find(({ DeviceName }) => DeviceName === rootDevice);
  return {
    imageId,
    architecture: image.Architecture ?? 'x86_64',
    rootDevice,
    rootGiB: root?.Ebs?.VolumeSize ?? 0,
    disks: mappings.flatMap(({ DeviceName: device, Ebs: disk, NoDevice: none }) => {
      if (device === undefined || device === rootDevice || disk === undefined || none !== undefined)
        return [];
      return [{ device, snapshotId: disk.SnapshotId ?? '', type: disk.VolumeType ?? '' }];
    }),
    devices: mappings.flatMap(({ DeviceName: device, NoDevice: none }) =>
      device === undefined || device === rootDevice || none !== undefined ? [] : [device],
    ),
  };
}

/** Subnets by id, at most some minutes old. @throws not-found `SUBNET_NOT_FOUND`. */
export async function findSubnet(
  cloud: AwsCloud,
  call: RequestCall,
  subnetId: string,
  field: string,
): Promise<Subnet> {
  return cached(cloud, call, `subnet ${subnetId}`, async (first) => {
    try {
      const { Subnets = [] } = await cloud.ec2(first, 'DescribeSubnets', (ec2, options) =>
        ec2.describeSubnets({ SubnetIds: [subnetId] }, options),
      );
      const [subnet] = Subnets;
      if (subnet !== undefined) return subnet;
    } catch (error) {
      if (!isNotFoundError(error) && !isAwsCode(error, 'InvalidSubnetID.Malformed')) throw error;
    }
    throw new WindlassError(
      'not-found',
      `there is no subnet ${JSON.stringify(subnetId)} in ${cloud.region}`,
      {
        code: 'SUBNET_NOT_FOUND',
        field,
        hint: '`windlass runtime subnets` lists those of the runtime’s zone',
      },
    );
  });
}

/** The default subnet of a zone, used when none is named. @throws not-found `SUBNET_NOT_FOUND`. */
export async function findDefaultSubnet(cloud: AwsCloud, call: RequestCall, zone: string): Promise<Subnet> {
  return cached(cloud, call, `default subnet ${zone}`, async (first) => {
    const { Subnets = [] } = await cloud.ec2(first, 'DescribeSubnets', (ec2, options) =>
      ec2.describeSubnets(
        {
          Filters: [
            { Name: 'availability-zone', Values: [zone] },
            { Name: 'default-for-az', Values: ['true'] },
          ],
        },
        options,
      ),
    );
    const [subnet] = Subnets;
    if (subnet !== undefined) return subnet;
    throw new WindlassError('not-found', `zone ${zone} has no default subnet`, {
      code: 'SUBNET_NOT_FOUND',
      field: 'subnet',
      hint: 'name one: windlass runtime update NAME --set subnet=subnet-…',
    });
  });
}
