import { WindlassError } from '../../domain/index.ts';

/** A subnet that nodes may be placed in, with its zone. */
export interface PlacementSubnet {
  readonly subnetId: string;
  readonly zone: string;
}

/** One way to place a node: a type in a subnet. */
export interface Placement extends PlacementSubnet {
  readonly instanceType: string;
}

/**
 * Every placement of a node, in the order in which they are attempted when AWS has no capacity: first the
 * other types in the zone of the node's volumes, then the other subnets. Deterministic.
 */
export function listPlacements(
  subnets: readonly PlacementSubnet[],
  typesByZone: ReadonlyMap<string, readonly string[]>,
): readonly Placement[] {
  return subnets.flatMap((subnet) =>
    (typesByZone.get(subnet.zone) ?? []).map((instanceType) => ({ ...subnet, instanceType })),
  );
}

/**
 * The placement after one without capacity. `mayMove` says whether the volumes of the node are empty: data
 * does not leave its zone.
 *
 * @throws capacity `AWS_CAPACITY` when there is none.
 */
export function choosePlacementAfter(
  placements: readonly Placement[],
  current: number,
  node: { readonly zone: string; readonly mayMove: boolean; readonly nodeId: string },
): { readonly index: number; readonly placement: Placement } {
  for (const [index, placement] of placements.entries()) {
    if (index <= current) continue;
    if (placement.zone === node.zone || node.mayMove) return { index, placement };
  }
  const tried = placements
    .slice(0, current + 1)
    .map(({ instanceType, subnetId, zone }) => `${instanceType} in ${subnetId} (${zone})`);
  throw new WindlassError(
    'capacity',
    `AWS has no capacity for node ${node.nodeId}: no ${tried.join(', no ')}`,
    {
      code: 'AWS_CAPACITY',
      hint: node.mayMove
        ? 'name more subnets or instanceTypes in the settings of the runtime, or try again later'
        : 'its volumes hold data and stay in their zone: name more instanceTypes there, or try again later',
    },
  );
}
