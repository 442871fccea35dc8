import {
  CreateSubnetCommand,
  CreateVpcCommand,
  DescribeImagesCommand,
  type EC2Client,
} from '@aws-sdk/client-ec2';

/** A VPC of loopback addresses, so that servers on them can really be reached. */
export interface MotoNetwork {
  readonly vpcId: string;
  /** One for each zone, in their order. */
  readonly subnets: readonly { readonly subnetId: string; readonly zone: string; readonly cidr: string }[];
}

/** Makes a VPC `127.<second>.0.0/16` with a /24 in each zone. */
export async function createNetwork(
  ec2: EC2Client,
  zones: readonly string[],
  second = 77,
): Promise<MotoNetwork> {
  const made = await ec2.send(new CreateVpcCommand({ CidrBlock: `127.${second}.0.0/16` }));
  const vpcId = made.Vpc?.VpcId ?? '';
  const subnets = [];
  for (const [index, zone] of zones.entries()) {
    const cidr = `127.${second}.${index + 1}.0/24`;
    const { Subnet } = await ec2.send(
      new CreateSubnetCommand({ VpcId: vpcId, CidrBlock: cidr, AvailabilityZone: zone }),
    );
    subnets.push({ subnetId: Subnet?.SubnetId ?? '', zone, cidr });
  }
  return { vpcId, subnets };
}

/** An image that moto knows, for an architecture. */
export async function findImage(
  ec2: EC2Client,
  architecture: 'x86_64' | 'arm64' = 'x86_64',
): Promise<string> {
  const { Images } = await ec2.send(
    new DescribeImagesCommand({ Filters: [{ Name: 'architecture', Values: [architecture] }] }),
  );
  const image = Images?.find((candidate) => candidate.Platform === undefined);
  if (image?.ImageId === undefined) throw new Error(`moto has no image for ${architecture}`);
  return image.ImageId;
}
