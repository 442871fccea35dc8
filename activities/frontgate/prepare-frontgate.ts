import { FRONTGATE_VERSION, type ClusterWrapper } from '../../src/domain/index.ts';
import type { CreateClusterInput, FrontgateJob } from '../../src/protocol/index.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import type { ContextLoader } from '../load-context.ts';
import { newCluster } from '../../src/wanted/index.ts';

/** The rows of a frontgate: a cluster of the built-in package, in its VPC. */
export async function prepareFrontgate(
  { stores, providers }: Pick<ActivityDependencies, 'stores' | 'providers'>,
  loader: Pick<ContextLoader, 'loadPackage'>,
  input: CreateClusterInput,
  { vpcId, subnetId }: FrontgateJob,
): Promise<ClusterWrapper> {
  const runtime = await stores.runtimes.get(input.runtime);
  const parsed = await providers.get(runtime.provider).parseClusterConf({
    content: await loader.loadPackage(FRONTGATE_VERSION),
    runtime,
    conf: {},
    clusterId: input.clusterId,
  });
  return newCluster(parsed, {
    clusterId: input.clusterId,
    runtimeId: runtime.runtimeId,
    purpose: 'frontgate',
    name: `frontgate ${vpcId}`,
    versionId: FRONTGATE_VERSION,
    appName: FRONTGATE_VERSION,
    vpcId,
    subnetId,
    createdAt: new Date().toISOString(),
  });
}
