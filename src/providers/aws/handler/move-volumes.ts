import { WindlassError, type LedgerResource, type ResourceChange } from '../../../domain/index.ts';
import type {
  Changes,
  EffectCall,
  NextGeneration,
  NodeTaskContext,
  ObserveCall,
  Observation,
} from '../../../provider/index.ts';
import { findVolumeRow } from '../../../provider-utils/index.ts';
import type { Place } from '../place.ts';
import { createVolume, deleteVolumesOf, observeCreated, toMade } from './volumes.ts';

/** Ledger rows of the node's own volumes, by their index. */
function listVolumeRows(context: NodeTaskContext): readonly LedgerResource[] {
  return context.role.volumes
    .map(({ index }) => findVolumeRow(context, index))
    .filter((row) => row !== undefined);
}

/** A volume that was ever attached may hold data; one that never was is empty. */
export function mayMoveVolumes(context: NodeTaskContext): boolean {
  return listVolumeRows(context).every((row) => row.attributes['device'] === undefined);
}

/**
 * A volume exists in one zone. When a node moves to another zone, its volumes, which are empty, are
 * deleted, and their next generation is created there.
 *
 * @throws unavailable while AWS still creates one.
 */
export async function giveUpVolumes(
  place: Place,
  context: NodeTaskContext,
  call: EffectCall,
  zone: string,
): Promise<{ readonly resources: readonly ResourceChange[]; readonly next: readonly NextGeneration[] }> {
  const rows = listVolumeRows(context);
  if (rows.some((row) => row.attributes['device'] !== undefined)) {
    throw new WindlassError('conflict', `the volumes of node ${context.node.nodeId} hold data`, {
      code: 'AWS_VOLUME_DATA',
    });
  }
  await deleteVolumesOf(place, context, call, rows);
  return {
    resources: rows.map((row) => ({ token: row.token, state: 'gone' })),
    next: rows.map((row) => ({ token: row.token, attributes: { zone } })),
  };
}

/** Creates the volumes whose next generation was begun by a move; normally there are none. */
export async function createMissingVolumes(
  place: Place,
  context: NodeTaskContext,
  call: EffectCall,
): Promise<readonly ResourceChange[]> {
  const made: ResourceChange[] = [];
  for (const spec of context.role.volumes) {
    const row = findVolumeRow(context, spec.index);
    if (row === undefined || !wasMoved(row)) continue;
    made.push(toMade(row, await createVolume(place, context, call, spec, row)));
  }
  return made;
}

/** The wait for volumes that were moved; undefined if none was. */
export async function observeMovedVolumes(
  place: Place,
  context: NodeTaskContext,
  call: ObserveCall,
): Promise<(Observation & { readonly changes?: Changes }) | undefined> {
  const specs = context.role.volumes.filter(({ index }) => {
    const row = findVolumeRow(context, index);
    return row !== undefined && wasMoved(row);
  });
  return specs.length === 0 ? undefined : observeCreated(place, context, call, specs);
}

/** Begun in a zone of its own, and not attached yet. */
function wasMoved(row: LedgerResource): boolean {
  return row.generation > 1 && row.attributes['zone'] !== undefined && row.attributes['device'] === undefined;
}
