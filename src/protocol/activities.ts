import type {
  ClusterStatus,
  ErrorInfo,
  FrontgateMember,
  FrontgatePlace,
  PlanSlice,
  QueueScope,
  SliceLane,
  StepShape,
  TaskAction,
} from '../domain/index.ts';
import type { ActivityTiming, RunJobInput, RunJobResult } from './messages.ts';

// The types of all activities that workflows call; the requests of clients are in requests.ts. Activity
// types are append-only once a release has been made.

export interface LoadedJob {
  readonly queues: QueueScope;
  readonly timing: ActivityTiming;
  /** Set if this job id was run before: there is nothing to do. */
  readonly closed: RunJobResult | null;
  /** The stored plan, if the job is planned already: then nothing is left to check or to plan. */
  readonly steps?: readonly StepShape[];
}

/**
 * Two steps in one activity save a workflow task. A step does the next one too only where the input
 * asks for it.
 */
export interface MayPlan {
  readonly plan?: boolean;
}

/** The result of a check when the job was planned in the same step. */
export interface CheckedJob {
  readonly steps: readonly StepShape[];
}

/** How a job ended, according to its workflow. */
export interface JobEnd {
  readonly status: RunJobResult['status'];
  /** Null if it is in the rows of the failed tasks. */
  readonly error: ErrorInfo | null;
}

/** Why the closed job failed, if it did. */
export interface ClosedJob {
  readonly error: ErrorInfo | null;
}

/** The result of the last status refresh when the job was closed in the same step. */
export interface RefreshedJob {
  readonly closed: ClosedJob;
}

/** Names the job of a step. */
export interface JobStep {
  readonly jobId: string;
}

/** The steps of a job before and after its tasks. */
export interface JobActivities {
  /**
   * For a create: checks and stores the cluster. Opens the job and sets the transition status. Plans
   * it too where that is asked for, and no cloud has to be asked first.
   */
  LoadJob(input: RunJobInput & MayPlan): Promise<LoadedJob>;
  /**
   * Asks the cloud whether it can provide what the job will create; then plans the job if the input asks
   * for it. Nothing is planned if the cloud refuses.
   */
  CheckResource(request: JobStep & MayPlan): Promise<CheckedJob | undefined>;
  /** Splits the job into tasks and stores the plan, once: for jobs that no earlier step has planned. */
  PlanJob(request: JobStep): Promise<readonly StepShape[]>;
  /** The tasks of a part of a step, by lane and layer. */
  loadSlice(request: JobStep & { slice: PlanSlice }): Promise<readonly SliceLane[]>;
  /**
   * Stores the cloud's state of every node, then closes the job as CloseJob does, if the input says how
   * the job ended.
   */
  UpdateClusterStatus(request: JobStep & { end?: JobEnd }): Promise<RefreshedJob | undefined>;
  /** Closes the job's row and clears the transition status. */
  CloseJob(request: JobStep & JobEnd): Promise<ClosedJob>;
}

/** Names the task of a handle or a wait. */
export interface TaskStep {
  readonly taskId: string;
}

/** An activity for every action, and one for every wait. */
export type TaskActivities = Readonly<
  Record<TaskAction, (request: TaskStep) => Promise<{ wait: boolean }>> &
    Record<`Wait${TaskAction}`, (request: TaskStep) => Promise<void>>
>;

/** The data that a frontgate's workflow uses for its decisions. */
export interface LoadedFrontgate {
  readonly queues: QueueScope;
  readonly timing: ActivityTiming;
  readonly members: readonly FrontgateMember[];
  /** The current frontgate cluster. */
  readonly cluster: { readonly clusterId: string; readonly status: ClusterStatus } | null;
  /** A job is open on it. */
  readonly busy: boolean;
  /** For the next one that is created. */
  readonly nextClusterId: string;
  readonly subnetId: string;
}

/** The steps of the workflow that keeps a frontgate. */
export interface FrontgateActivities {
  /** Null when the runtime is deleted. */
  LoadFrontgate(place: FrontgatePlace): Promise<LoadedFrontgate | null>;
  /** Asks the cloud; a frontgate that no longer runs there is stored as failed. */
  InspectFrontgate(request: { clusterId: string }): Promise<void>;
}
