import { WindlassError, type LedgerResource } from '../domain/index.ts';
import { INSTANCE_KIND, toVolumeKind, type EffectCall, type TaskContext } from '../provider/index.ts';

/** The input from which rows are read. */
type Rows = Pick<TaskContext, 'resources' | 'task'>;

/** The ledger row of a kind. @throws internal `RESOURCE_NOT_CLAIMED` when the engine gave none. */
export function requireRow({ resources, task }: Rows, kind: string): LedgerResource {
  const row = resources[kind];
  if (row !== undefined) return row;
  throw new WindlassError('internal', `task ${task.taskId} came without the ledger row of its ${kind}`, {
    code: 'RESOURCE_NOT_CLAIMED',
    hint: 'the plan must name the row in the task’s claims: report it',
  });
}

/** The row of the node's instance; undefined if none was ever intended. */
export function findInstanceRow({ resources }: Pick<Rows, 'resources'>): LedgerResource | undefined {
  return resources[INSTANCE_KIND];
}

/** The row of the node's instance. @throws internal `RESOURCE_NOT_CLAIMED` */
export function instanceRow(context: Rows): LedgerResource {
  return requireRow(context, INSTANCE_KIND);
}

/** The row of one of the node's volumes; undefined if it was never intended. */
export function findVolumeRow(
  { resources }: Pick<Rows, 'resources'>,
  index: number,
): LedgerResource | undefined {
  return resources[toVolumeKind(index)];
}

/** The row of one of the node's volumes. @throws internal `RESOURCE_NOT_CLAIMED` */
export function volumeRow(context: Rows, index: number): LedgerResource {
  return requireRow(context, toVolumeKind(index));
}

/**
 * Whether a resource may already carry the row's token; a row that was never claimed before needs no read.
 */
export function mayBeMade(
  call: Pick<EffectCall, 'isFirstClaim'>,
  { token, cloudId }: LedgerResource,
): boolean {
  return cloudId !== '' || !call.isFirstClaim(token);
}
