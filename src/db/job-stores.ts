import type {
  Cluster,
  ClusterNode,
  ClusterStatus,
  ClusterWrapper,
  CommandRequest,
  ErrorInfo,
  FlatPlan,
  Job,
  JobCommand,
  JobStatus,
  Lease,
  LedgerResource,
  MetadataTree,
  PageRequest,
  PastTask,
  PlanSlice,
  ResourceChange,
  Runtime,
  SliceLane,
  StepShape,
  StoredTask,
  TaskAction,
  TaskStatus,
  TransitionStatus,
} from '../domain/index.ts';
import type { StoredChange } from './stored-change.ts';
import type { StoredSecret } from './stored-secret.ts';

// The stores of jobs and their tasks, by the rules of stores.ts.

/** The rows of a cluster after a job is opened. */
export interface WantedChange extends StoredChange {
  /** The desired cluster, and the parts that are removed from it. */
  readonly joined: ClusterWrapper;
}

/** What is stored together with a job, so that none of it is there without the job. */
export interface JobStart {
  /** The cluster that the job makes. */
  readonly made?: ClusterWrapper;
  /** Its cluster's rows become the wanted ones, and the job keeps the ones before. */
  readonly change?: WantedChange;
  /** Passwords of the conf; one that is stored already stays. */
  readonly secrets?: readonly { readonly name: string; readonly secret: StoredSecret }[];
}

export interface JobStore {
  /**
   * Opens the job and sets the cluster's transition status, in one transaction. The same job id
   * again: the stored job, whatever its status (a closed one stays closed).
   * @throws conflict `CLUSTER_BUSY` naming the open job; conflict `CLUSTER_STATUS` when `from` excludes the cluster's status;
   *   conflict `CLUSTER_NAME_TAKEN` for a cluster whose name another has by now;
   *   unavailable `CLUSTER_NAME_BUSY` where that one has just gone.
   */
  open(
    job: Job,
    transition: { from: readonly ClusterStatus[]; status: TransitionStatus },
    start?: JobStart,
  ): Promise<Job>;
  /** Null for a job that does not change its cluster's desired state. */
  loadChange(jobId: string): Promise<StoredChange | null>;
  get(jobId: string): Promise<Job>;
  find(jobId: string): Promise<Job | null>;
  list(page: PageRequest & { clusterId?: string }): Promise<readonly Job[]>;
  listOpen(): Promise<readonly Job[]>;
  /**
   * Stores the plan once; a stored one is not replaced.
   *
   * @param hash of the document that the plan is from, which says what it was made from.
   */
  storePlan(
    jobId: string,
    plan: FlatPlan,
    schemaVersion: number,
    hash?: string | null,
  ): Promise<readonly StepShape[]>;
  /** Null while no plan is stored. */
  findPlanHash(jobId: string): Promise<string | null>;
  /** Null while no plan is stored. @throws internal `PLAN_TOO_NEW` for a schema version above ours. */
  loadShape(jobId: string): Promise<readonly StepShape[] | null>;
  /**
   * Closes the job, its unfinished tasks (skipped or cancelled), sets the cluster's status and clears its
   * transition, in one transaction. A closed job is not changed. The desired cluster of the job stays; it
   * is reverted if the job did not succeed and had begun no task. `changed`: it was open until now.
   */
  close(
    jobId: string,
    end: { status: JobStatus; error: ErrorInfo | null; clusterStatus: ClusterStatus; closedAt: string },
  ): Promise<{ readonly job: Job; readonly changed: boolean }>;
  /**
   * Holds an open job: it begins nothing more until it is resumed. A held job keeps the reason that it
   * has. @throws conflict `JOB_NOT_OPEN`, `COMMAND_ID_USED`.
   */
  hold(jobId: string, request: CommandRequest): Promise<Job>;
  /** Lets a held job continue. @throws conflict `JOB_NOT_HELD`, `JOB_NOT_OPEN`, `COMMAND_ID_USED`. */
  resume(jobId: string, request: CommandRequest): Promise<Job>;
  /** The commands that were carried out, the oldest first. */
  listCommands(jobId: string): Promise<readonly JobCommand[]>;
}

export interface TaskStore {
  /**
   * The tasks of a part of a step that are not done, by lane and layer: a step that is run again leaves out
   * what has succeeded, was skipped, or was allowed to fail. @throws conflict `JOB_NOT_OPEN`
   */
  loadSlice(jobId: string, slice: PlanSlice): Promise<readonly SliceLane[]>;
  /** All tasks of a job (or of one layer), in order. */
  list(jobId: string, layerIndex?: number): Promise<readonly StoredTask[]>;
  /** The tasks of a job that are in one of the statuses, in order. */
  listByStatus(jobId: string, statuses: readonly TaskStatus[]): Promise<readonly StoredTask[]>;
  /** The tasks of a job that have begun and have not succeeded, in order. */
  listUnsuccessful(jobId: string): Promise<readonly StoredTask[]>;
  /**
   * The outcomes of a cluster's tasks of these once-only actions, in the jobs since its last successful
   * start, in their order.
   */
  listPast(clusterId: string, actions: readonly TaskAction[]): Promise<readonly PastTask[]>;
  /** How many tasks of each layer have succeeded, failed, or were skipped after that; for jobs too large to list. */
  countByLayer(jobId: string): Promise<readonly LayerCount[]>;
  /**
   * What an activity needs, in one query. @throws conflict `JOB_NOT_OPEN` when its job is closed.
   * Resources: the newest generation of each kind of the task's node (of the cluster when it has none).
   * With a time, the task is marked as begun in the same statement, unless it was.
   */
  loadWithContext(taskId: string, beginAt?: string): Promise<TaskWithContext>;
  /** Counts a failed attempt; keeps the error for display. */
  recordFailure(taskId: string, error: ErrorInfo): Promise<void>;
  /**
   * Ends the task unless it has ended, and stores what it changed, in one transaction. Fences, where
   * given, must still hold. Whether it was stored.
   * @throws conflict `LEASE_LOST`, `JOB_NOT_OPEN`.
   */
  end(taskId: string, end: TaskEnd): Promise<boolean>;
  /**
   * Stores what a handle changed before its wait begins. Fences, if given, must still be valid; with
   * `release` they are released at the same time. @throws conflict `LEASE_LOST`, `JOB_NOT_OPEN`.
   */
  applyChanges(
    taskId: string,
    changes: TaskChanges,
    leases: readonly Lease[],
    release?: boolean,
  ): Promise<void>;
  /**
   * Opens a failed task again: its next round begins, as if it had never run. Its start time, and its
   * changes, stay. @throws conflict `TASK_NOT_FAILED`, `JOB_NOT_OPEN`, `COMMAND_ID_USED`.
   */
  reopen(taskId: string, request: CommandRequest): Promise<StoredTask>;
  /** Skips a failed task, so that the job can continue without it; its error stays. @throws as reopen. */
  skip(taskId: string, request: CommandRequest): Promise<StoredTask>;
}

export interface LayerCount {
  readonly layerIndex: number;
  readonly done: number;
  readonly failed: number;
  readonly skipped: number;
}

export interface TaskWithContext {
  readonly task: StoredTask;
  readonly job: Job;
  readonly runtime: Runtime;
  readonly credential: StoredSecret | null;
  readonly cluster: Cluster;
  readonly wrapper: Pick<ClusterWrapper, 'roles' | 'nodes'>;
  readonly resources: readonly LedgerResource[];
}

export interface TaskChanges {
  readonly resources?: readonly ResourceChange[];
  readonly node?: { readonly nodeId: string; readonly change: Partial<ClusterNode> };
  readonly metadata?: MetadataTree | null;
  /** Next generations of rows that `resources` report as gone, for the same specification. */
  readonly next?: readonly {
    readonly token: string;
    readonly attributes: Readonly<Record<string, string>>;
  }[];
}

export interface TaskEnd {
  readonly status: TaskStatus;
  readonly at: string;
  readonly observation?: string;
  readonly error?: ErrorInfo;
  readonly changes?: TaskChanges;
  /** Fences that must still be valid. */
  readonly leases?: readonly Lease[];
  /** Releases the leases in the same transaction. */
  readonly release?: boolean;
}
