import type { ClusterNode, LedgerResource, NodeStatus } from '../domain/index.ts';
import { INSTANCE_KIND, type ClusterStatusRequest } from '../provider/index.ts';

/** The live ledger row of a node's instance, among those of a status request. */
export function findNodeRow(
  { resources }: Pick<ClusterStatusRequest, 'resources'>,
  { nodeId }: Pick<ClusterNode, 'nodeId'>,
): LedgerResource | undefined {
  return resources.find((row) => row.nodeId === nodeId && row.kind === INSTANCE_KIND);
}

/** The status of a node of which the cloud shows no instance: lost if there was one. */
export function statusWithoutInstance(
  node: Pick<ClusterNode, 'instanceId' | 'status'>,
  row: LedgerResource | undefined,
): NodeStatus {
  if (row?.state === 'made' || node.instanceId !== '') return 'lost';
  return node.status === 'deleted' ? 'deleted' : 'pending';
}
