import { createHash } from 'node:crypto';
import { WindlassError, type FrontgateKey, type Runtime } from '../../src/domain/index.ts';
import type { FrontgateActivities } from '../../src/protocol/index.ts';
import type { Attempted } from '../attempt.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { createContextLoader } from '../load-context.ts';
import { refreshCluster } from '../refresh-cluster.ts';

/** Where a frontgate is placed when the runtime's settings name a subnet for it. */
const SUBNET_SETTING = 'frontgateSubnet';

export function createFrontgateActivities(
  dependencies: ActivityDependencies,
): Attempted<FrontgateActivities> {
  const { stores } = dependencies;
  const loader = createContextLoader(dependencies);

  async function findRuntime(runtimeId: string): Promise<Runtime | null> {
    try {
      return await stores.runtimes.get(runtimeId);
    } catch (error) {
      if (WindlassError.isInstance(error) && error.kind === 'not-found') return null;
      throw error;
    }
  }

  return {
    async LoadFrontgate(key) {
      const runtime = await findRuntime(key.runtimeId);
      if (runtime === null) return null;
      const { members, cluster, made } = await stores.frontgates.load(key);
      const first = members.find(({ use }) => use === 'needed');
      const ofFirst = first === undefined ? '' : (await stores.clusters.resolve(first.clusterId)).subnetId;
      return {
        queues: { provider: runtime.provider, account: runtime.account, region: runtime.region },
        timing: { heartbeatSeconds: dependencies.heartbeatSeconds },
        members,
        cluster: cluster === null ? null : { clusterId: cluster.clusterId, status: cluster.status },
        busy: cluster !== null && cluster.transitionStatus !== null,
        nextClusterId: toClusterId(key, made + 1),
        subnetId: runtime.settings[SUBNET_SETTING] ?? ofFirst,
      };
    },

    async InspectFrontgate({ clusterId }) {
      await refreshCluster(dependencies, loader, clusterId);
      const { cluster, nodes } = await stores.clusters.load(clusterId);
      if (cluster.status !== 'active' || nodes.every(({ status }) => status === 'active')) return;
      dependencies.log.warn('a frontgate no longer runs; it is created again', { cluster: clusterId });
      await stores.clusters.setStatus(clusterId, { status: 'failed' });
    },
  };
}

/**
 * Derived from runtime, VPC and the number of earlier ones: never used twice, and the same for every
 * worker.
 */
function toClusterId({ runtimeId, vpcId }: FrontgateKey, number: number): string {
  const digest = createHash('sha256').update(`${runtimeId}\n${vpcId}`).digest('hex');
  return `fg-${digest.slice(0, 10)}-${number}`;
}
