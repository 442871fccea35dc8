import type { WindlassClient } from '../client/index.ts';
import type { ClusterSummary } from '../protocol/index.ts';

const PAGE = 100;

/** Names and ids of the clusters whose machines may run as processes of this machine. */
export async function listRunningClusters(client: WindlassClient): Promise<readonly string[]> {
  const runtimes = await listAll(
    (after) => client.runtimes.list(toPage(after)),
    ({ runtimeId }) => runtimeId,
  );
  const local = new Set(runtimes.filter(({ provider }) => provider === 'local').map(({ name }) => name));
  const clusters = await listAll(
    (after) => client.clusters.list({ ...toPage(after), includeFrontgates: true }),
    ({ clusterId }) => clusterId,
  );
  return clusters
    .filter((cluster) => local.has(cluster.runtime) && mayRun(cluster))
    .map(({ name, clusterId }) => `${name} (${clusterId})`);
}

/**
 * A cluster that failed, or that a job is working on, may have machines; a stopped or deleted one has
 * none.
 */
function mayRun({ status, transitionStatus }: ClusterSummary): boolean {
  return transitionStatus !== null || status === 'active' || status === 'failed';
}

function toPage(after: string | undefined): { readonly limit: number; readonly after?: string } {
  return after === undefined ? { limit: PAGE } : { limit: PAGE, after };
}

async function listAll<Item>(
  list: (after: string | undefined) => Promise<readonly Item[]>,
  idOf: (item: Item) => string,
): Promise<readonly Item[]> {
  const all: Item[] = [];
  for (;;) {
    const last = all.at(-1);
    const page = await list(last === undefined ? undefined : idOf(last));
    all.push(...page);
    if (page.length < PAGE) return all;
  }
}
