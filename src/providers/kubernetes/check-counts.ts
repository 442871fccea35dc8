import { MAX_NODE_VOLUMES, MAX_NODES, MAX_ROLES, WindlassError } from '../../domain/index.ts';
import type { Workload } from './api/kube-types.ts';
import { nameOf } from './manifest.ts';
import { replicasOf } from './workloads.ts';

/**
 * Whether the numbers of workloads, of pods and of their claims that a chart asks for are within the
 * limits of a cluster. Called before any rows are built from them.
 *
 * @throws invalid-input `ROLE_COUNT`
 */
export function checkCounts(workloads: readonly Workload[]): void {
  if (workloads.length > MAX_ROLES) {
    throw wrongCount(`the chart makes ${workloads.length} workloads; the limit is ${MAX_ROLES}`);
  }
  let total = 0;
  for (const workload of workloads) {
    const replicas = replicasOf(workload);
    if (!Number.isSafeInteger(replicas) || replicas < 0) {
      throw wrongCount(
        `${nameOf(workload)} has a number of replicas that is not a whole number of at least 0`,
      );
    }
    const claims: unknown = workload.spec?.volumeClaimTemplates ?? [];
    if (!Array.isArray(claims) || claims.length > MAX_NODE_VOLUMES) {
      throw wrongCount(
        `${nameOf(workload)} claims too many volumes for each pod; the limit is ${MAX_NODE_VOLUMES}`,
      );
    }
    total += replicas;
  }
  if (total > MAX_NODES) {
    throw wrongCount(`the chart makes a cluster of ${total} pods; the limit is ${MAX_NODES}`);
  }
}

function wrongCount(message: string): WindlassError {
  return new WindlassError('invalid-input', message, {
    code: 'ROLE_COUNT',
    field: 'count',
    hint: 'give fewer replicas in the conf, or split the chart into several clusters',
  });
}
