import type { Lease, LeaseStore, Task, TaskActionFacts } from '../domain/index.ts';
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
