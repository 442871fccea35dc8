import { WindlassError, type LedgerResource, type NodeVolume, type VolumeSpec } from '../domain/index.ts';
import type { NodeTaskContext } from '../provider/index.ts';

/** All volumes of the node, in order: those of the task with their new state, the others unchanged. */
export function mergeNodeVolumes(
  { node }: Pick<NodeTaskContext, 'node'>,
  touched: readonly NodeVolume[],
): readonly NodeVolume[] {
  const indexes = new Set(touched.map(({ index }) => index));
  const others = node.volumes.filter(({ index }) => !indexes.has(index));
  return [...touched, ...others].sort((left, right) => left.index - right.index);
}

/** For a volume that was created and no longer exists. */
export function volumeGone({ node }: Pick<NodeTaskContext, 'node'>, { index }: VolumeSpec): WindlassError {
  return new WindlassError('not-found', `volume ${index} of node ${node.nodeId} does not exist`, {
    code: 'VOLUME_NOT_FOUND',
    hint: 'it was deleted outside of windlass; its data is lost',
  });
}

/** For an instance that was created and no longer exists. */
export function instanceGone(
  { node }: Pick<NodeTaskContext, 'node'>,
  row: LedgerResource | undefined,
): WindlassError {
  const name = row === undefined || row.cloudId === '' ? 'the instance' : `instance ${row.cloudId}`;
  return new WindlassError('not-found', `${name} of node ${node.nodeId} no longer exists`, {
    code: 'INSTANCE_NOT_FOUND',
    hint: 'it was deleted outside of windlass; delete the cluster, or recover it',
  });
}
