import type { Subnet as AwsSubnet } from '@aws-sdk/client-ec2';
import { WindlassError, type Subnet, type Vpc } from '../../../domain/index.ts';
import type { Call, RuntimeRequest } from '../../../provider/index.ts';
import { readPages } from '../cloud/describe-all.ts';
import type { AwsCloud } from '../cloud/open-cloud.ts';
import { readTag } from '../cloud/tags.ts';
import { isAwsCode, isNotFoundError } from '../cloud/to-windlass-error.ts';
import type { FindAwsRuntime } from '../aws-runtime.ts';

/** Subnets of the runtime's zone, with the number of free addresses in each. */
export async function describeSubnets(
  findRuntime: FindAwsRuntime,
  request: RuntimeRequest,
  call: Call,
): Promise<readonly Subnet[]> {
  const { cloud, zone, settings } = findRuntime(request);
  const subnets = await listSubnetsBy(cloud, call, 'availability-zone', zone);
  const inZone = subnets.filter(({ AvailabilityZone }) => AvailabilityZone === zone);
  const listed = inZone.map(toSubnet).sort((left, right) => (left.subnetId < right.subnetId ? -1 : 1));
  const order = (subnet: Subnet): number => {
    const index = settings.subnets.indexOf(subnet.subnetId);
    return index === -1 ? Number.POSITIVE_INFINITY : index;
  };
  // Those that the runtime names come first: a user who takes the first gets the intended one.
  return [...listed].sort((left, right) => order(left) - order(right) || 0);
}

/** @throws not-found `VPC_NOT_FOUND`, field `vpcId`. */
export async function describeVpc(
  findRuntime: FindAwsRuntime,
  request: RuntimeRequest & { readonly vpcId: string },
  call: Call,
): Promise<Vpc> {
  const { cloud } = findRuntime(request);
  const { vpcId } = request;
  try {
    const { Vpcs = [] } = await cloud.ec2(call, 'DescribeVpcs', (ec2, options) =>
      ec2.describeVpcs({ VpcIds: [vpcId] }, options),
    );
    const [vpc] = Vpcs;
    if (vpc !== undefined) {
      const subnets = await listSubnetsBy(cloud, call, 'vpc-id', vpcId);
      return {
        vpcId,
        name: readTag(vpc, 'Name') ?? (vpc.IsDefault === true ? 'default' : ''),
        cidr: vpc.CidrBlock ?? '',
        status: vpc.State ?? '',
        subnetIds: subnets.map(({ SubnetId = '' }) => SubnetId).sort(),
      };
    }
  } catch (error) {
    if (!isNotFoundError(error) && !isAwsCode(error, 'InvalidVpcId.Malformed', 'InvalidVpcID.Malformed'))
      throw error;
  }
  throw new WindlassError('not-found', `there is no VPC ${JSON.stringify(vpcId)} in ${cloud.region}`, {
    code: 'VPC_NOT_FOUND',
    field: 'vpcId',
    hint: '`windlass runtime subnets` names the VPC of each subnet',
  });
}

async function listSubnetsBy(
  cloud: AwsCloud,
  call: Call,
  name: 'availability-zone' | 'vpc-id',
  value: string,
): Promise<readonly AwsSubnet[]> {
  return readPages(
    (page) =>
      cloud.ec2(call, 'DescribeSubnets', (ec2, options) =>
        ec2.describeSubnets({ Filters: [{ Name: name, Values: [value] }], ...page }, options),
      ),
    (page) => page.Subnets,
  );
}

function toSubnet(subnet: AwsSubnet): Subnet {
  return {
    subnetId: subnet.SubnetId ?? '',
    name: readTag(subnet, 'Name') ?? (subnet.DefaultForAz === true ? 'default' : ''),
    vpcId: subnet.VpcId ?? '',
    zone: subnet.AvailabilityZone ?? '',
    cidr: subnet.CidrBlock ?? '',
    freeAddresses: subnet.AvailableIpAddressCount ?? 0,
  };
}
