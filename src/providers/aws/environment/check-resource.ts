import { JOB_ACTIONS, WindlassError, type ClusterRole, type Reserved } from '../../../domain/index.ts';
import { findNodeRole } from '../../../plan/index.ts';
import type { Call, CheckResourceRequest } from '../../../provider/index.ts';
import { findShortage, type Room } from '../../../provider-utils/index.ts';
import { describeTypesByName, findImage, describeOfferedTypes } from '../cloud/catalogue.ts';
import type { AwsCloud } from '../cloud/open-cloud.ts';
import { describeInstances, describeVolumes } from '../cloud/resources.ts';
import { readTag, TAGS } from '../cloud/tags.ts';
import { chooseInstanceTypes, listPatterns, type InstanceType } from '../instance-types.ts';
import { chooseImage, listSubnets } from '../handler/node-placements.ts';
import type { FindAwsRuntime, AwsRuntime } from '../aws-runtime.ts';
import { toStorageQuota, toVcpuQuota, type QuotaCode } from '../quotas.ts';
import { toVolumeKind, VOLUME_SIZES } from '../volume-types.ts';
import { assertArchitecture, checkNames } from './check-names.ts';
import { readInstanceLimit, readQuota } from './read-quota.ts';

/** One node with the instance type that it will have. */
interface PlacedNode {
  readonly role: ClusterRole;
  readonly type: InstanceType;
}

/**
 * Checks that AWS can create what the action needs: every name exists, the zone offers each size, and the
 * quotas have room beside what exists and what running jobs have reserved. Resources that this cluster
 * already has are not counted again.
 *
 * @throws invalid-input or not-found with `field`; quota.
 */
export async function checkResource(
  findRuntime: FindAwsRuntime,
  request: CheckResourceRequest,
  call: Call,
): Promise<void> {
  const { needs } = JOB_ACTIONS[request.action];
  if (needs === 'nothing' || needs === 'any') return;
  const aws = findRuntime(request);
  const { cluster } = request.cluster;
  const subnets = await listSubnets(aws, call, cluster.subnetId);
  const [first] = subnets;
  if (first !== undefined && first.zone !== aws.zone) {
    throw new WindlassError(
      'invalid-input',
      `subnet ${first.subnetId} is in ${first.zone}, but the runtime is in ${aws.zone}`,
      {
        code: 'AWS_SUBNET_ZONE',
        field: 'subnet',
        hint: 'the first subnet must be in the zone of the runtime',
      },
    );
  }
  await checkNames(aws, call);
  const nodes = await placeNodes(aws, request, call);
  await checkImages(aws, request, call);
  checkVolumes(aws, nodes);
  const making = needs === 'new';
  await Promise.all([
    // A stopped instance counts against no vCPU quota; starting it does.
    checkVcpus(aws, request, nodes, call),
    ...(making ? [checkStorage(aws, request, call), checkAddresses(aws, request, nodes.length, call)] : []),
  ]);
}

async function placeNodes(
  aws: AwsRuntime,
  request: CheckResourceRequest,
  call: Call,
): Promise<readonly PlacedNode[]> {
  const { nodes, roles } = request.cluster;
  const typeOfRole = new Map<string, InstanceType>();
  const placed: PlacedNode[] = [];
  for (const node of nodes) {
    const role = findNodeRole(roles, node);
    if (role === undefined || node.status === 'deleted') continue;
    const type = typeOfRole.get(role.role) ?? (await chooseType(aws, role, call));
    typeOfRole.set(role.role, type);
    placed.push({ role, type });
  }
  return placed;
}

async function chooseType(
  { cloud, settings, zone }: AwsRuntime,
  role: ClusterRole,
  call: Call,
): Promise<InstanceType> {
  const offered = await describeOfferedTypes(cloud, call, zone, listPatterns(role, settings));
  const [type] = chooseInstanceTypes(role, offered, settings);
  if (type === undefined) throw new Error('a choice of types without a type');
  return type;
}

async function checkImages(
  { cloud, settings }: AwsRuntime,
  request: CheckResourceRequest,
  call: Call,
): Promise<void> {
  const { cluster, roles } = request.cluster;
  const images = roles.map((role) => chooseImage(settings, cluster, role.container.image));
  const byName = new Map(images.map((image) => [image.name, image]));
  await Promise.all(
    [...byName.values()].map(async ({ name, field }) =>
      assertArchitecture(await findImage(cloud, call, name, field), settings, field),
    ),
  );
}

/** The root disk and the network interface that every instance has. */
const OWN_ATTACHMENTS = 2;

function checkVolumes({ settings }: AwsRuntime, nodes: readonly PlacedNode[]): void {
  for (const { role, type } of nodes) {
    for (const volume of role.volumes) {
      const kind = toVolumeKind(volume, settings);
      const [least, most] = VOLUME_SIZES[kind.type] ?? [1, Number.POSITIVE_INFINITY];
      if (volume.sizeGiB >= least && volume.sizeGiB <= most) continue;
      throw new WindlassError(
        'invalid-input',
        `a ${kind.type} volume has ${least} to ${most} GiB, not ${volume.sizeGiB} (role ${role.role})`,
        {
          code: 'AWS_VOLUME_SIZE',
          field: 'volume.size',
          hint: 'ask for another size, or set volumeTypes of the runtime',
        },
      );
    }
    const room = (type.maxAttachments ?? Number.POSITIVE_INFINITY) - OWN_ATTACHMENTS;
    if (role.volumes.length <= room) continue;
    throw new WindlassError(
      'quota',
      `a ${type.name} has room for ${room} volumes, not ${role.volumes.length}`,
      {
        code: 'AWS_QUOTA',
        field: 'volume.mount_point',
        hint: 'ask for a larger size, or for fewer volumes',
      },
    );
  }
}

async function checkVcpus(
  { cloud }: AwsRuntime,
  request: CheckResourceRequest,
  nodes: readonly PlacedNode[],
  call: Call,
): Promise<void> {
  const running = await describeInstances(cloud, call, {
    Filters: [{ Name: 'instance-state-name', Values: ['pending', 'running'] }],
  });
  const ownId = request.cluster.cluster.clusterId;
  const others = running.filter((instance) => readTag(instance, TAGS.cluster) !== ownId);
  const types = await describeTypesByName(
    cloud,
    call,
    others.map(({ InstanceType: name = '' }) => name),
  );
  const asked = sumBy(nodes.map(({ type }) => [toVcpuQuota(type.name), type.cpu] as const));
  for (const [code, { quota, sum }] of asked) {
    const limit = await readQuota(cloud, call, quota);
    if (limit === undefined) {
      await checkInstanceCount(cloud, call, others.length, nodes.length, request.reserved);
      continue;
    }
    const used = others
      .filter(({ InstanceType: name = '' }) => toVcpuQuota(name).code === code)
      .reduce((total, { InstanceType: name = '' }) => total + (types.get(name)?.cpu ?? 1), 0);
    assertRoom(quota.what, { limit, used, asked: sum, reserved: request.reserved.cpu });
  }
}

/** Clouds that implement EC2's API may not know quotas of CPUs. */
async function checkInstanceCount(
  cloud: AwsCloud,
  call: Call,
  used: number,
  asked: number,
  reserved: Reserved,
): Promise<void> {
  const limit = await readInstanceLimit(cloud, call);
  if (limit !== undefined) assertRoom('instances', { limit, used, asked, reserved: reserved.instances });
}

const GIB_PER_TIB = 1_024;

async function checkStorage(
  { cloud, settings }: AwsRuntime,
  request: CheckResourceRequest,
  call: Call,
): Promise<void> {
  const { cluster, nodes, roles } = request.cluster;
  const volumes = nodes.flatMap((node) => findNodeRole(roles, node)?.volumes ?? []);
  const asked = sumBy(
    volumes.map((volume) => {
      const { type } = toVolumeKind(volume, settings);
      return [{ ...toStorageQuota(type), type }, volume.sizeGiB / GIB_PER_TIB] as const;
    }),
  );
  for (const { quota, sum } of asked.values()) {
    const limit = await readQuota(cloud, call, quota);
    if (limit === undefined) continue;
    const there = await describeVolumes(cloud, call, {
      Filters: [{ Name: 'volume-type', Values: [quota.type] }],
    });
    const used = there
      .filter((volume) => readTag(volume, TAGS.cluster) !== cluster.clusterId)
      .reduce((total, { Size = 0 }) => total + Size / GIB_PER_TIB, 0);
    assertRoom(quota.what, { limit, used, asked: sum, reserved: request.reserved.volumeGiB / GIB_PER_TIB });
  }
}

async function checkAddresses(
  aws: AwsRuntime,
  request: CheckResourceRequest,
  asked: number,
  call: Call,
): Promise<void> {
  const subnets = await listSubnets(aws, call, request.cluster.cluster.subnetId);
  const ids = subnets.map(({ subnetId }) => subnetId);
  const { Subnets = [] } = await aws.cloud.ec2(call, 'DescribeSubnets', (ec2, options) =>
    ec2.describeSubnets({ SubnetIds: ids }, options),
  );
  const free = Subnets.reduce((sum, { AvailableIpAddressCount = 0 }) => sum + AvailableIpAddressCount, 0);
  assertRoom(`addresses of ${ids.join(', ')}`, {
    limit: free,
    used: 0,
    asked,
    reserved: request.reserved.instances,
  });
}

/** @throws quota `AWS_QUOTA`: how much is requested, how much is left. */
function assertRoom(what: string, room: Room): void {
  const shortage = findShortage(what, room);
  if (shortage === undefined) return;
  throw new WindlassError('quota', shortage, {
    code: 'AWS_QUOTA',
    hint: 'delete what is not needed, or ask AWS for a higher quota',
  });
}

function sumBy<Quota extends QuotaCode>(
  parts: readonly (readonly [Quota, number])[],
): ReadonlyMap<string, { readonly quota: Quota; readonly sum: number }> {
  const sums = new Map<string, { readonly quota: Quota; readonly sum: number }>();
  for (const [quota, amount] of parts) {
    sums.set(quota.code, { quota, sum: (sums.get(quota.code)?.sum ?? 0) + amount });
  }
  return sums;
}
