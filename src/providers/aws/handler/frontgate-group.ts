import type { IpPermission, SecurityGroup } from '@aws-sdk/client-ec2';
import type { EffectCall, NodeTaskContext } from '../../../provider/index.ts';
import { findSubnet } from '../cloud/catalogue.ts';
import type { AwsCloud, RequestCall } from '../cloud/open-cloud.ts';
import { TAGS, toTags } from '../cloud/tags.ts';
import { isAwsCode } from '../cloud/to-windlass-error.ts';
import type { AwsRuntime } from '../aws-runtime.ts';
import type { FrontgateSettings } from '../settings.ts';
import { notYet } from './not-yet.ts';
import { toNodeTags } from './run-request.ts';

const SSH_PORT = 22;

/**
 * The security group of a frontgate: SSH from the ranges that the runtime names, and nothing else. A VPC
 * can hold its name only once, so that two workers create one group. The frontgate is also in the groups
 * of the nodes, and so gets the same access to them as they have to each other.
 *
 * @returns the groups that the frontgate's instance is put into.
 */
export async function ensureFrontgateGroups(
  aws: AwsRuntime,
  frontgate: FrontgateSettings,
  context: NodeTaskContext,
  call: EffectCall,
  options: { readonly token: string; readonly subnetId: string },
): Promise<readonly string[]> {
  const { cloud, settings } = aws;
  const { VpcId: vpcId = '' } = await findSubnet(cloud, call, options.subnetId, 'frontgateSubnet');
  const name = toGroupName(context);
  let group = await findGroup(cloud, call, vpcId, name);
  if (group === undefined) {
    await call
      .effect(options.token, () =>
        cloud.ec2(call, 'CreateSecurityGroup', (ec2, request) =>
          ec2.createSecurityGroup(
            {
              GroupName: name,
              Description: 'SSH to a frontgate of windlass',
              VpcId: vpcId,
              TagSpecifications: [
                {
                  ResourceType: 'security-group',
                  Tags: toTags({ ...toNodeTags(context, settings), [TAGS.token]: options.token }),
                },
              ],
            },
            request,
          ),
        ),
      )
      .catch((error: unknown) => {
        if (!isAwsCode(error, 'InvalidGroup.Duplicate')) throw error;
      });
    group = await findGroup(cloud, call, vpcId, name);
    if (group === undefined) throw notYet(`the security group ${name} is not shown by AWS yet`);
  }
  await letIn(cloud, call, group, frontgate.sshSources, options.token);
  const ofNodes =
    settings.securityGroups.length > 0 ? settings.securityGroups : await findDefaultGroup(cloud, call, vpcId);
  return [group.GroupId ?? '', ...ofNodes];
}

/** Adds ranges that are missing; removes ranges that are no longer named. */
async function letIn(
  cloud: AwsCloud,
  call: EffectCall,
  group: SecurityGroup,
  sources: readonly string[],
  token: string,
): Promise<void> {
  const there = (group.IpPermissions ?? []).flatMap((permission) => [
    ...(permission.IpRanges ?? []).map(({ CidrIp = '' }) => CidrIp),
    ...(permission.Ipv6Ranges ?? []).map(({ CidrIpv6 = '' }) => CidrIpv6),
  ]);
  const missing = sources.filter((source) => !there.includes(source));
  const surplus = there.filter((source) => !sources.includes(source));
  if (missing.length > 0) {
    await call
      .effect(token, () =>
        cloud.ec2(call, 'AuthorizeSecurityGroupIngress', (ec2, request) =>
          ec2.authorizeSecurityGroupIngress(
            { GroupId: group.GroupId, IpPermissions: toPermissions(missing) },
            request,
          ),
        ),
      )
      .catch((error: unknown) => {
        if (!isAwsCode(error, 'InvalidPermission.Duplicate')) throw error;
        // EC2 refuses the whole request if one rule exists already, even one that it does not show yet.
        if (missing.length > 1) throw notYet(`the rules of ${group.GroupName} are not shown by AWS yet`);
      });
  }
  if (surplus.length > 0) {
    await call
      .effect(token, () =>
        cloud.ec2(call, 'RevokeSecurityGroupIngress', (ec2, request) =>
          ec2.revokeSecurityGroupIngress(
            { GroupId: group.GroupId, IpPermissions: toPermissions(surplus) },
            request,
          ),
        ),
      )
      .catch((error: unknown) => {
        if (!isAwsCode(error, 'InvalidPermission.NotFound')) throw error;
        if (surplus.length > 1) throw notYet(`the rules of ${group.GroupName} are not shown by AWS yet`);
      });
  }
}

function toPermissions(sources: readonly string[]): IpPermission[] {
  return sources.map((source) => ({
    IpProtocol: 'tcp',
    FromPort: SSH_PORT,
    ToPort: SSH_PORT,
    ...(source.includes(':') ? { Ipv6Ranges: [{ CidrIpv6: source }] } : { IpRanges: [{ CidrIp: source }] }),
  }));
}

/** Deletes the group of a frontgate whose instance is gone. @throws unavailable while AWS still holds it. */
export async function deleteFrontgateGroup(
  { cloud }: AwsRuntime,
  context: NodeTaskContext,
  call: EffectCall,
  token: string,
): Promise<void> {
  const { SecurityGroups = [] } = await cloud.ec2(call, 'DescribeSecurityGroups', (ec2, request) =>
    ec2.describeSecurityGroups(
      { Filters: [{ Name: `tag:${TAGS.cluster}`, Values: [context.cluster.clusterId] }] },
      request,
    ),
  );
  for (const { GroupId } of SecurityGroups) {
    await call
      .effect(token, () =>
        cloud.ec2(call, 'DeleteSecurityGroup', (ec2, request) =>
          ec2.deleteSecurityGroup({ GroupId }, request),
        ),
      )
      .catch((error: unknown) => {
        if (isAwsCode(error, 'InvalidGroup.NotFound')) return;
        throw isAwsCode(error, 'DependencyViolation')
          ? notYet(`security group ${GroupId} is still in use`)
          : error;
      });
  }
}

async function findGroup(
  cloud: AwsCloud,
  call: RequestCall,
  vpcId: string,
  name: string,
): Promise<SecurityGroup | undefined> {
  const { SecurityGroups = [] } = await cloud.ec2(call, 'DescribeSecurityGroups', (ec2, request) =>
    ec2.describeSecurityGroups(
      {
        Filters: [
          { Name: 'vpc-id', Values: [vpcId] },
          { Name: 'group-name', Values: [name] },
        ],
      },
      request,
    ),
  );
  return SecurityGroups[0];
}

async function findDefaultGroup(
  cloud: AwsCloud,
  call: RequestCall,
  vpcId: string,
): Promise<readonly string[]> {
  const group = await findGroup(cloud, call, vpcId, 'default');
  return group?.GroupId === undefined ? [] : [group.GroupId];
}

function toGroupName(context: NodeTaskContext): string {
  return `windlass-${context.cluster.clusterId}`;
}
