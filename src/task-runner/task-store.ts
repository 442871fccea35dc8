import type { LedgerResource, ResourceClaim, Task, TaskActionFacts } from '../domain/index.ts';
import type { Changes, Provider, TaskContext } from '../provider/index.ts';

/** A task with everything that it refers to. */
export interface LoadedTask {
  readonly context: TaskContext;
  /** Of the task's action. */
  readonly facts: TaskActionFacts;
  /** The cluster's provider. */
  readonly provider: Provider;
  /** The code that handles and observes the task: the provider, or the engine itself for tasks of its own. */
  readonly subtasks: Pick<Provider, 'handleSubtask' | 'waitSubtask'>;
}

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

/** The ledger, as far as leases go. */
export interface LeaseStore {
  /**
   * Leases the rows of a task, all or none, and writes those that it will make.
   * @throws unavailable `LEASE_HELD`, conflict `SPEC_CHANGED`.
   */
  claim(request: LeaseRequest): Promise<readonly { resource: LedgerResource; lease: Lease }[]>;
  /** Extends the leases; false when one of them is lost. */
  renew(leases: readonly Lease[], leaseMs: number): Promise<boolean>;
  /** @throws conflict `LEASE_LOST` when it has expired or another holder has it. */
  assertHeld(lease: Lease): Promise<void>;
  release(leases: readonly Lease[]): Promise<void>;
}

/** The store of tasks and the ledger: the database, or a store in memory. */
export interface TaskStore {
  /** @throws conflict `JOB_NOT_OPEN`; not-found for an unknown task or provider. */
  load(taskId: string): Promise<LoadedTask>;
  readonly leases: LeaseStore;
  /**
   * Stores what a handle changed before its wait begins, and releases the leases in the same step.
   * @throws conflict `LEASE_LOST` if one of them is no longer valid: nothing is stored then.
   */
  storeChanges(task: Task, changes: Changes, leases: readonly Lease[]): Promise<void>;
  /**
   * Ends the task successfully with its changes, and releases the leases. False if it had ended before:
   * then nothing is stored, and the leases are still held.
   * @throws conflict `LEASE_LOST` in the same way.
   */
  succeed(task: Task, changes: Changes, leases: readonly Lease[]): Promise<boolean>;
}
