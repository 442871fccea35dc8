import { WindlassError, type Cluster } from '../../src/domain/index.ts';
import type { Call, Provider, TaskContext } from '../../src/provider/index.ts';

/**
 * The VPC of a cluster: the stored one, otherwise that of its subnet, otherwise the only one that exists.
 *
 * @throws not-found `FRONTGATE_VPC` if the cloud has no such subnet; invalid-input `FRONTGATE_VPC` if
 * several VPCs are possible.
 */
export async function findVpc(
  provider: Provider,
  { cluster, runtime, credential }: Pick<TaskContext, 'cluster' | 'runtime' | 'credential'>,
  call: Call,
): Promise<string> {
  if (cluster.vpcId !== '') return cluster.vpcId;
  const subnets = await provider.describeSubnets({ runtime, credential }, call);
  const own = subnets.filter(({ subnetId }) => cluster.subnetId === '' || subnetId === cluster.subnetId);
  const vpcs = new Set(own.map(({ vpcId }) => vpcId));
  const [vpcId] = vpcs;
  if (vpcId === undefined) throw noSubnet(cluster);
  if (vpcs.size > 1) throw severalVpcs(runtime.name, vpcs);
  return vpcId;
}

function noSubnet({ subnetId }: Cluster): WindlassError {
  return new WindlassError(
    'not-found',
    subnetId === '' ? 'the runtime has no subnet' : `the runtime has no subnet ${JSON.stringify(subnetId)}`,
    { code: 'FRONTGATE_VPC', hint: '`windlass runtime subnets` lists the subnets' },
  );
}

function severalVpcs(runtime: string, vpcs: ReadonlySet<string>): WindlassError {
  return new WindlassError(
    'invalid-input',
    `the cluster names no subnet, and runtime ${runtime} has several VPCs: ${[...vpcs].sort().join(', ')}`,
    {
      code: 'FRONTGATE_VPC',
      hint: 'name the subnet in the cluster’s conf, or as the runtime’s: --set subnet=…',
    },
  );
}
