/**
 * One thing that was made, or is about to be made, in a provider's cloud. The ledger row is
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
  /** What it was made for, or was changed to since; the same words that the plan's claim had. */
  readonly spec: ResourceSpec;
  /** The job that made it: the one that wrote the row, or, while it was not made yet, made it later. */
  readonly madeByJob: string;
  /** The provider's id; empty until known. */
  readonly cloudId: string;
  readonly state: ResourceState;
  /** Attributes that the provider stores about it (device name, address …). Holds no secret. */
  readonly attributes: Readonly<Record<string, string>>;
}

/** The desired properties of one resource, as plain data that only its provider reads. Holds no secret. */
export type ResourceSpec = Readonly<Record<string, unknown>>;

/**
 * A ledger row of a task, and the task's intent for it. The engine leases it while the handle runs.
 * `make`: the row is written if it does not exist, and a `gone` one is followed by the next generation; a
 * live one must have the same spec. `change`: when the task has ended successfully, the row's spec is this
 * one. `remove`: the resource is gone afterwards. `use`: it is not changed. All except `make` need a row
 * for the effect to make sense; a resource that is gone stays gone.
 */
export type ResourceClaim = {
  /** As in LedgerResource.kind. */
  readonly kind: string;
} & (
  | { readonly intent: 'make' | 'change'; readonly spec: ResourceSpec }
  | { readonly intent: 'remove' | 'use' }
);

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
