/** Kind of the ledger row of a node's instance. */
export const INSTANCE_KIND = 'instance';

/** Kind of the ledger row of one of a node's volumes. */
export function toVolumeKind(index: number): `volume-${number}` {
  return `volume-${index}`;
}
