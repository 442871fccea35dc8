import {
  AssociateVpcCidrBlockCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  DescribeInstancesCommand,
  DescribeSecurityGroupsCommand,
  EC2Client,
  type EC2ClientConfig,
  type SecurityGroup,
} from '@aws-sdk/client-ec2';
import type { NamespaceOf } from '../kit/ec2-machines.ts';
import { createVpc, type TestVpc } from '../kit/network-namespaces.ts';

/** A VPC of an EC2 whose nodes' addresses lead nowhere from here: only its outer subnet is reached. */
export interface GatedNetwork {
  readonly vpcId: string;
  /** What is placed here has an address that this machine reaches. */
  readonly outerSubnetId: string;
  readonly innerSubnetId: string;
  /** The range from which this machine comes. */
  readonly ownRange: string;
  readonly namespaceOf: NamespaceOf;
  listGroups(): Promise<readonly SecurityGroup[]>;
  /** Ids of the security groups that an instance is in. */
  readGroupsOf(instanceId: string): Promise<readonly string[]>;
  close(): void;
}

/** Needs what createVpc needs. `number` tells networks apart that one process has at the same time. */
export async function createGatedNetwork(
  config: EC2ClientConfig,
  zone: string,
  number: number,
): Promise<GatedNetwork> {
  const vpc = createVpc(number);
  const ec2 = new EC2Client(config);
  const close = (): void => {
    ec2.destroy();
    vpc.close();
  };
  try {
    const made = await ec2.send(new CreateVpcCommand({ CidrBlock: vpc.nodesRange }));
    const vpcId = made.Vpc?.VpcId ?? '';
    await ec2.send(new AssociateVpcCidrBlockCommand({ VpcId: vpcId, CidrBlock: vpc.gateRange }));
    const createSubnet = async (CidrBlock: string): Promise<string> => {
      const { Subnet } = await ec2.send(
        new CreateSubnetCommand({ VpcId: vpcId, CidrBlock, AvailabilityZone: zone }),
      );
      return Subnet?.SubnetId ?? '';
    };
    return {
      vpcId,
      outerSubnetId: await createSubnet(vpc.gateRange),
      innerSubnetId: await createSubnet(vpc.nodesRange),
      ownRange: `${vpc.ownAddress}/32`,
      namespaceOf: (address) => findNamespace(vpc, address),
      async listGroups() {
        const Filters = [{ Name: 'vpc-id', Values: [vpcId] }];
        return (await ec2.send(new DescribeSecurityGroupsCommand({ Filters }))).SecurityGroups ?? [];
      },
      async readGroupsOf(instanceId) {
        const answer = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [instanceId] }));
        const { NetworkInterfaces = [] } = answer.Reservations?.[0]?.Instances?.[0] ?? {};
        return NetworkInterfaces.flatMap(({ Groups = [] }) => Groups.map(({ GroupId = '' }) => GroupId));
      },
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}

function findNamespace(vpc: TestVpc, address: string): string | undefined {
  if (address.startsWith(toPrefix(vpc.gateRange))) return vpc.gateNamespace;
  if (address.startsWith(toPrefix(vpc.nodesRange))) return vpc.nodesNamespace;
  return undefined;
}

/** `198.18.7.` of `198.18.7.0/28`. */
function toPrefix(range: string): string {
  return range.replace(/\d+\/\d+$/, '');
}
