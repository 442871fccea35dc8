import type { LedgerResource, ResourceClaim } from './resource.ts';

/** The right to work on a ledger row until it expires; `fence` rises with every holder. */
export interface Lease {
  readonly token: string;
  readonly holder: string;
  readonly fence: number;
}

export interface LeaseRequest {
  readonly clusterId: string;
  /** Empty for a task of the whole cluster. */
  readonly nodeId: string;
  readonly jobId: string;
  readonly holder: string;
  readonly leaseMs: number;
  readonly claims: readonly ResourceClaim[];
}

/** The ledger, as far as leases go: the database's, or one in memory. */
export interface LeaseStore {
  /**
   * Leases the rows of a task, all or none, writing those that it will make (state intended). `make` on a
   * row that is gone creates the next generation. Expired leases are taken over; the same holder's own are
   * renewed.
   * @throws unavailable `LEASE_HELD` with retryAfterMs while another holder's lease is valid; conflict
   * `SPEC_CHANGED` when a live row that is to be made has another spec.
   */
  claim(request: LeaseRequest): Promise<readonly { resource: LedgerResource; lease: Lease }[]>;
  /** Extends the leases; false when one of them is lost. */
  renew(leases: readonly Lease[], leaseMs: number): Promise<boolean>;
  /** @throws conflict `LEASE_LOST` when it has expired or another holder has it. */
  assertHeld(lease: Lease): Promise<void>;
  release(leases: readonly Lease[]): Promise<void>;
}
