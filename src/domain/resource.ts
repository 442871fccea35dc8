/**
 * One thing that was made, or is about to be made, in a provider's world. The ledger row is
 * written before the effect and completed after it, so that ledger against cloud is an audit at
 * any moment.
 */
export interface LedgerResource {
  /** `<clusterId>/<nodeId>/<kind>/g<generation>`; never a run, an attempt or a clock. */
  readonly token: string;
  readonly clusterId: string;
  /** Empty for a resource of the whole cluster. */
  readonly nodeId: string;
  /** `instance`, `volume-0`, `volume-1`, … or a provider's own word such as `release`. */
  readonly kind: string;
  /** Rises only after the resource of the generation before is proved gone or condemned. */
  readonly generation: number;
  readonly specHash: string;
  /** The provider's id; empty until known. */
  readonly cloudId: string;
  readonly state: ResourceState;
  /** What the provider remembers about it (device name, address …). Holds no secret. */
  readonly attributes: Readonly<Record<string, string>>;
}

/** intended: the effect may or may not have happened. made: it has. gone: proved not to exist. */
export const RESOURCE_STATES = ['intended', 'made', 'gone'] as const;
export type ResourceState = (typeof RESOURCE_STATES)[number];

export function resourceToken(clusterId: string, nodeId: string, kind: string, generation: number): string {
  return `${clusterId}/${nodeId}/${kind}/g${generation}`;
}

/** What a provider reports about a resource; the engine stores it. */
export interface ResourceChange {
  readonly token: string;
  readonly state: ResourceState;
  readonly cloudId?: string;
  readonly attributes?: Readonly<Record<string, string>>;
}
