import type { LedgerResource, ResourceClaim, Task } from '../domain/index.ts';
import type { Changes, Provider, TaskContext } from '../provider/index.ts';

/** A task with everything it names. */
export interface LoadedTask {
  readonly context: TaskContext;
  /** The cluster's provider. */
  readonly provider: Provider;
  /** What handles and observes the task: the provider, or the engine itself for tasks of its own. */
  readonly subtasks: Pick<Provider, 'handleSubtask' | 'waitSubtask'>;
}

/** The right to work on a ledger row until it ends; `fence` rises with every holder. */
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

/** The ledger, as far as leases go. */
export interface LeaseStore {
  /**
   * Leases the rows that a task works on, all or none, and writes those that it is to make.
   * @throws unavailable `LEASE_HELD`, conflict `SPEC_CHANGED`.
   */
  claim(request: LeaseRequest): Promise<readonly { resource: LedgerResource; lease: Lease }[]>;
  /** Extends; false when one of them is lost. */
  renew(leases: readonly Lease[], leaseMs: number): Promise<boolean>;
  /** @throws conflict `LEASE_LOST` when it has run out or belongs to another. */
  assertHeld(lease: Lease): Promise<void>;
  release(leases: readonly Lease[]): Promise<void>;
}

/** Where tasks and the ledger are kept: the database, or a store in memory. */
export interface TaskStore {
  /** @throws conflict `JOB_NOT_OPEN`; not-found for an unknown task or provider. */
  load(taskId: string): Promise<LoadedTask>;
  readonly leases: LeaseStore;
  /**
   * Stores what a handle changed before its wait begins, and gives the leases back with it.
   * @throws conflict `LEASE_LOST` where one of them no longer holds: nothing is stored then.
   */
  storeChanges(task: Task, changes: Changes, leases: readonly Lease[]): Promise<void>;
  /**
   * Ends the task successfully with what changed, and gives the leases back. False where it had
   * ended before: nothing is stored, and the leases are still held, then.
   * @throws conflict `LEASE_LOST` likewise.
   */
  succeed(task: Task, changes: Changes, leases: readonly Lease[]): Promise<boolean>;
}
