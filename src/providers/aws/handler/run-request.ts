import type {
  _InstanceType,
  BlockDeviceMapping,
  EbsBlockDevice,
  RunInstancesCommandInput,
} from '@aws-sdk/client-ec2';
import type { InstanceDirective } from '../../../domain/index.ts';
import type { NodeTaskContext } from '../../../provider/index.ts';
import { makeCloudConfig } from '../../../provider-utils/index.ts';
import type { ImageDisk, MachineImage } from '../cloud/catalogue.ts';
import { TAGS, toClientToken, toTags } from '../cloud/tags.ts';
import type { Placement } from '../placements.ts';
import type { AwsSettings } from '../settings.ts';

export interface RunRequest {
  readonly context: NodeTaskContext;
  readonly directive: InstanceDirective;
  /** The ledger token of the instance. */
  readonly token: string;
  readonly placement: Placement;
  readonly image: MachineImage;
  readonly settings: AwsSettings;
}

/**
 * The RunInstances request of a node. The same row always gives the same request: its client token
 * requires that.
 */
export function toRunInstancesInput(request: RunRequest): RunInstancesCommandInput {
  const { context, directive, token, placement, image, settings } = request;
  return {
    MinCount: 1,
    MaxCount: 1,
    ClientToken: toClientToken(token),
    ImageId: image.imageId,
    InstanceType: placement.instanceType as _InstanceType,
    UserData: toUserData(context, directive, settings),
    ...toNetwork(placement, settings, directive.privateIp),
    ...(settings.keyName === undefined ? {} : { KeyName: settings.keyName }),
    ...toProfile(settings.instanceProfile),
    // IMDSv2 requires tokens: a program in the node that can be tricked into plain requests cannot read
    // the metadata.
    MetadataOptions: { HttpTokens: 'required', HttpEndpoint: 'enabled', HttpPutResponseHopLimit: 1 },
    BlockDeviceMappings: [
      toRootDisk(image, settings),
      ...image.disks.map((disk) => toFurtherDisk(disk, settings)),
    ],
    InstanceInitiatedShutdownBehavior: 'stop',
    TagSpecifications: [
      { ResourceType: 'instance', Tags: toTags({ ...toNodeTags(context, settings), [TAGS.token]: token }) },
      { ResourceType: 'volume', Tags: toTags(toNodeTags(context, settings)) },
    ],
  };
}

/** Tags of everything that belongs to a node. */
export function toNodeTags(
  context: NodeTaskContext,
  settings: Pick<AwsSettings, 'tags'>,
): Readonly<Record<string, string>> {
  const { cluster, node } = context;
  return {
    ...settings.tags,
    Name: `${cluster.name} ${context.task.label}`,
    [TAGS.cluster]: cluster.clusterId,
    [TAGS.node]: node.nodeId,
  };
}

function toUserData(context: NodeTaskContext, directive: InstanceDirective, settings: AwsSettings): string {
  const text = makeCloudConfig({
    authorizedKey: context.access.authorizedKey,
    hostPrivateKey: context.access.hostPrivateKey,
    hostPublicKey: context.access.hostPublicKey,
    hostname: directive.hostname,
    user: settings.sshUser,
  });
  return Buffer.from(text).toString('base64');
}

/** A public address can only be requested with the network interface itself. */
function toNetwork(
  { subnetId }: Placement,
  { securityGroups, publicIp }: AwsSettings,
  privateIp: string | undefined,
): Partial<RunInstancesCommandInput> {
  const groups = [...securityGroups];
  const address = privateIp === undefined || privateIp === '' ? {} : { PrivateIpAddress: privateIp };
  if (publicIp === undefined) {
    return { SubnetId: subnetId, ...address, ...(groups.length === 0 ? {} : { SecurityGroupIds: groups }) };
  }
  return {
    NetworkInterfaces: [
      {
        DeviceIndex: 0,
        SubnetId: subnetId,
        AssociatePublicIpAddress: publicIp,
        DeleteOnTermination: true,
        ...address,
        ...(groups.length === 0 ? {} : { Groups: groups }),
      },
    ],
  };
}

function toProfile(profile: string | undefined): Partial<RunInstancesCommandInput> {
  if (profile === undefined) return {};
  return { IamInstanceProfile: profile.startsWith('arn:') ? { Arn: profile } : { Name: profile } };
}

function toRootDisk(image: MachineImage, settings: AwsSettings): BlockDeviceMapping {
  const { rootVolumeGiB, rootVolumeType } = settings;
  // The image's own size is the minimum.
  const size = Math.max(rootVolumeGiB ?? 0, image.rootGiB);
  return {
    DeviceName: image.rootDevice,
    Ebs: {
      ...toLaunchedDisk(settings),
      VolumeType: rootVolumeType as 'gp3',
      ...(size === 0 ? {} : { VolumeSize: size }),
    },
  };
}

/** Types with provisioned speed: an image that asks for one keeps it. */
const PROVISIONED: readonly string[] = ['io1', 'io2'];

/** Another disk of the image: attributes that are not named here stay as the image has them. */
function toFurtherDisk({ device, type }: ImageDisk, settings: AwsSettings): BlockDeviceMapping {
  return {
    DeviceName: device,
    Ebs: {
      ...toLaunchedDisk(settings),
      ...(PROVISIONED.includes(type) ? {} : { VolumeType: settings.rootVolumeType as 'gp3' }),
    },
  };
}

/**
 * Attributes of every disk of a launch: it is deleted with its instance, and encrypted as the runtime
 * says.
 */
function toLaunchedDisk({ encrypted, kmsKeyId }: AwsSettings): EbsBlockDevice {
  return {
    DeleteOnTermination: true,
    ...(encrypted ? { Encrypted: true, ...(kmsKeyId === undefined ? {} : { KmsKeyId: kmsKeyId }) } : {}),
  };
}
