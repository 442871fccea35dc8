import type { Instance, InstanceStateName } from '@aws-sdk/client-ec2';
import type { ClusterNode, LedgerResource, NodeStatus } from '../../../domain/index.ts';
import type {
  Call,
  ClusterDetails,
  ClusterStatusReport,
  ClusterStatusRequest,
} from '../../../provider/index.ts';
import { findNodeRow, statusWithoutInstance } from '../../../provider-utils/index.ts';
import { describeInstances } from '../cloud/resources.ts';
import { readTag, TAGS } from '../cloud/tags.ts';
import { isDead, stateOf } from '../handler/find-instance.ts';
import type { FindAwsRuntime } from '../aws-runtime.ts';

const STATUS_OF_STATE: Readonly<Partial<Record<InstanceStateName, NodeStatus>>> = {
  pending: 'pending',
  running: 'active',
  stopping: 'stopped',
  stopped: 'stopped',
};

/** EC2's state of every node of the cluster: one request for a thousand of them. */
export async function updateClusterStatus(
  findRuntime: FindAwsRuntime,
  request: ClusterStatusRequest,
  call: Call,
): Promise<ClusterStatusReport> {
  const instances = await listInstances(findRuntime, request, call);
  return {
    nodes: request.cluster.nodes.map((node) => {
      const row = findNodeRow(request, node);
      const instance = findInstance(instances, node, row);
      const status = instance === undefined ? statusWithoutInstance(node, row) : toStatus(instance);
      if (instance === undefined || status === 'lost') return { nodeId: node.nodeId, status };
      return {
        nodeId: node.nodeId,
        status,
        change: {
          instanceId: instance.InstanceId ?? '',
          privateIp: instance.PrivateIpAddress ?? '',
          publicIp: instance.PublicIpAddress ?? '',
        },
      };
    }),
  };
}

/** Types, addresses, zones and reasons, for display. */
export async function describeClusterDetails(
  findRuntime: FindAwsRuntime,
  request: ClusterStatusRequest,
  call: Call,
): Promise<ClusterDetails> {
  const { cloud, zone } = findRuntime(request);
  const instances = await listInstances(findRuntime, request, call);
  return {
    nodes: request.cluster.nodes.map((node) => {
      const row = findNodeRow(request, node);
      const instance = findInstance(instances, node, row);
      return {
        nodeId: node.nodeId,
        state: instance === undefined ? statusWithoutInstance(node, row) : stateOf(instance),
        facts: instance === undefined ? {} : toFacts(instance),
      };
    }),
    facts: { region: cloud.region, zone },
  };
}

async function listInstances(
  findRuntime: FindAwsRuntime,
  request: ClusterStatusRequest,
  call: Call,
): Promise<readonly Instance[]> {
  const { clusterId } = request.cluster.cluster;
  return describeInstances(findRuntime(request).cloud, call, {
    Filters: [{ Name: `tag:${TAGS.cluster}`, Values: [clusterId] }],
  });
}

/**
 * The instance that carries the row's token; without a row, the one that the node's id names. One that is
 * alive comes first.
 */
function findInstance(
  instances: readonly Instance[],
  node: ClusterNode,
  row: LedgerResource | undefined,
): Instance | undefined {
  const candidates = instances.filter((instance) =>
    row === undefined
      ? node.instanceId !== '' && instance.InstanceId === node.instanceId
      : readTag(instance, TAGS.token) === row.token,
  );
  return candidates.find((instance) => !isDead(instance)) ?? candidates.at(-1);
}

function toStatus(instance: Instance): NodeStatus {
  return STATUS_OF_STATE[stateOf(instance) as InstanceStateName] ?? 'lost';
}

function toFacts(instance: Instance): Readonly<Record<string, string>> {
  const facts: Readonly<Record<string, string | undefined>> = {
    instanceId: instance.InstanceId,
    instanceType: instance.InstanceType,
    image: instance.ImageId,
    zone: instance.Placement?.AvailabilityZone,
    subnet: instance.SubnetId,
    vpc: instance.VpcId,
    privateIp: instance.PrivateIpAddress,
    publicIp: instance.PublicIpAddress,
    launchedAt: instance.LaunchTime?.toISOString(),
    reason: instance.StateReason?.Message,
  };
  return Object.fromEntries(
    Object.entries(facts).filter((fact): fact is [string, string] => fact[1] !== undefined && fact[1] !== ''),
  );
}
