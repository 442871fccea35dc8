import type {
  ClusterStatus,
  ErrorInfo,
  FrontgateMember,
  FrontgateKey,
  PlanSlice,
  QueueScope,
  SliceLane,
  StepShape,
  TaskAction,
} from '../domain/index.ts';
import type { ActivityTiming, RunJobInput, RunJobResult } from './messages.ts';

// The types of all activities that workflows call; the requests of clients are in requests.ts. Activity
// types are append-only once a release has been made.

/** A job that has begun. */
export interface BegunJob {
  readonly queues: QueueScope;
  readonly timing: ActivityTiming;
  /** Set if this job id was run before: there is nothing to do. */
  readonly closed: RunJobResult | null;
  /** The stored plan; empty if the job is closed. */
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

/** Names the job of a step. */
export interface JobStep {
  readonly jobId: string;
}

/** The steps of a job before and after its tasks. */
export interface JobActivities {
  /**
   * Opens the job and sets the transition status; a create is checked, and its cluster stored, with it. Then asks
   * the cloud whether it can take what the job will make, splits the job into tasks and stores the plan,
   * once. Where the cloud refuses, the job is open and nothing is planned. A cancel ends it promptly.
   */
  BeginJob(input: RunJobInput): Promise<BegunJob>;
  /** The tasks of a part of a step that are not done, by lane and layer. */
  loadSlice(request: JobStep & { slice: PlanSlice }): Promise<readonly SliceLane[]>;
  /**
   * Closes the job's row and clears the transition status. With `refresh` it first stores the cloud's
   * state of every node, and fails if the cloud refuses: then nothing is closed. Changes nothing for a job
   * that was never opened, or was deleted with its cluster.
   */
  EndJob(request: JobStep & JobEnd & { readonly refresh: boolean }): Promise<ClosedJob>;
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
  LoadFrontgate(key: FrontgateKey): Promise<LoadedFrontgate | null>;
  /** Asks the cloud; a frontgate that no longer runs there is stored as failed. */
  InspectFrontgate(request: { clusterId: string }): Promise<void>;
}
