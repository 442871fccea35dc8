import type { ClusterPurpose, InstanceDirective } from '../../../domain/index.ts';
import type { NodeTaskContext } from '../../../provider/index.ts';
import type { RequestCall } from '../cloud/open-cloud.ts';
import {
  describeOfferedTypes,
  findDefaultSubnet,
  findImage,
  findSubnet,
  type MachineImage,
} from '../cloud/catalogue.ts';
import { chooseInstanceTypes, listPatterns, type SizeRequest } from '../instance-types.ts';
import { listPlacements, type Placement, type PlacementSubnet } from '../placements.ts';
import type { AwsRuntime } from '../aws-runtime.ts';
import { isAwsImage, type AwsSettings } from '../settings.ts';

/** The subnets in which the nodes of a cluster may be placed, in order; the first is tried first. */
export async function listSubnets(
  { cloud, settings, zone }: AwsRuntime,
  call: RequestCall,
  clusterSubnetId: string,
): Promise<readonly PlacementSubnet[]> {
  const ids = [...new Set([clusterSubnetId, ...settings.subnets].filter((id) => id !== ''))];
  const subnets =
    ids.length === 0
      ? [await findDefaultSubnet(cloud, call, zone)]
      : await Promise.all(
          ids.map((id) =>
            findSubnet(cloud, call, id, settings.subnets.includes(id) ? 'subnet' : 'cluster.vxnet'),
          ),
        );
  return subnets.map((subnet) => ({
    subnetId: subnet.SubnetId ?? '',
    zone: subnet.AvailabilityZone ?? zone,
  }));
}

/**
 * Every placement of a node of this size, in order. A frontgate has the type that the runtime names.
 *
 * @throws as chooseInstanceTypes.
 */
export async function listPlacementsOf(
  aws: AwsRuntime,
  call: RequestCall,
  request: SizeRequest & Pick<InstanceDirective, 'subnetId' | 'privateIp'>,
  purpose: ClusterPurpose,
): Promise<readonly Placement[]> {
  const all = await listSubnets(aws, call, request.subnetId);
  // A reserved address belongs to one subnet.
  const subnets = request.privateIp === undefined ? all : all.slice(0, 1);
  const { frontgate } = aws.settings;
  if (purpose === 'frontgate' && frontgate !== undefined) {
    return subnets.map((subnet) => ({ ...subnet, instanceType: frontgate.instanceType }));
  }
  const zones = [...new Set(subnets.map(({ zone }) => zone))];
  const typesByZone = new Map<string, readonly string[]>();
  for (const zone of zones) typesByZone.set(zone, await chooseTypeNames(aws, call, request, zone));
  return listPlacements(subnets, typesByZone);
}

/** Names of the types for a size, the best first. @throws as chooseInstanceTypes. */
export async function chooseTypeNames(
  { cloud, settings }: AwsRuntime,
  call: RequestCall,
  request: SizeRequest,
  zone: string,
): Promise<readonly string[]> {
  const offered = await describeOfferedTypes(cloud, call, zone, listPatterns(request, settings));
  return chooseInstanceTypes(request, offered, settings).map(({ name }) => name);
}

/** Amazon's own parameter for the newest image. */
function toDefaultImage({ architecture }: Pick<AwsSettings, 'architecture'>): string {
  return `ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-${architecture}`;
}

/**
 * The image of a node: the runtime's image for the package's version, or for the package; the image that
 * the package names, if it is one of EC2's; the runtime's image; Amazon Linux.
 */
export function chooseImage(
  settings: Pick<AwsSettings, 'imageOfApp' | 'image' | 'architecture'>,
  app: { readonly versionId: string; readonly appName: string },
  packageImage: string,
): { readonly name: string; readonly field: string } {
  for (const key of [app.versionId, app.appName]) {
    const name = settings.imageOfApp.get(key);
    if (name !== undefined) return { name, field: `image.${key}` };
  }
  if (isAwsImage(packageImage)) return { name: packageImage, field: 'container.image' };
  return { name: settings.image ?? toDefaultImage(settings), field: 'image' };
}

/** @throws not-found `AWS_IMAGE_NOT_FOUND`, naming the setting. */
export async function findNodeImage(
  { cloud, settings }: AwsRuntime,
  call: RequestCall,
  context: Pick<NodeTaskContext, 'cluster'>,
  directive: Pick<InstanceDirective, 'container'>,
): Promise<MachineImage> {
  const { cluster } = context;
  const own = cluster.purpose === 'frontgate' ? settings.frontgate?.image : undefined;
  const { name, field } =
    own === undefined
      ? chooseImage(settings, cluster, directive.container.image)
      : { name: own, field: 'frontgateImage' };
  return findImage(cloud, call, name, field);
}
