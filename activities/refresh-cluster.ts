import type { ActivityDependencies } from './dependencies.ts';
import type { ContextLoader } from './load-context.ts';
import { openCall } from './provider-call.ts';

/** Reads the cloud's state of every node of a cluster and stores it; log lines carry `fields`. */
export async function refreshCluster(
  dependencies: ActivityDependencies,
  loader: ContextLoader,
  clusterId: string,
  fields: Readonly<Record<string, unknown>> = { cluster: clusterId },
): Promise<void> {
  const { stores, providers } = dependencies;
  const cluster = await stores.clusters.load(clusterId);
  const { runtime, credential } = await loader.loadRuntime(cluster.cluster.runtimeId);
  const resources = await stores.ledger.list(clusterId, { live: true });
  const provider = providers.get(runtime.provider);
  const report = await provider.updateClusterStatus(
    { cluster, resources, runtime, credential },
    openCall(dependencies, provider, runtime, fields),
  );
  await stores.clusters.updateNodes(
    clusterId,
    report.nodes.map(({ nodeId, status, change }) => ({ nodeId, change: { ...change, status } })),
  );
}
