import type {
  ClusterStatus,
  ErrorInfo,
  FrontgateMember,
  FrontgatePlace,
  LayerShape,
  QueueScope,
  TaskAction,
  TaskRef,
} from '../domain/index.ts';
import type { ActivityTiming, RunJobInput, RunJobResult } from './messages.ts';

// What workflows ask of workers: the types of all activities but the requests of clients
// (requests.ts). Activity types are append-only once a release has been made.

/** A job that has begun. */
export interface BegunJob {
  readonly queues: QueueScope;
  readonly timing: ActivityTiming;
  /** Set when this job id was run before: there is nothing to do. */
  readonly closed: RunJobResult | null;
  /** The stored plan; empty where the job is closed. */
  readonly layers: readonly LayerShape[];
}

/** How a job ended, as its workflow knows it. */
export interface JobEnd {
  readonly status: RunJobResult['status'];
  /** Null where it is in the rows of the failed tasks. */
  readonly error: ErrorInfo | null;
}

/** Why the closed job failed, if it did. */
export interface ClosedJob {
  readonly error: ErrorInfo | null;
}

/** Names the job that a step belongs to. */
export interface JobStep {
  readonly jobId: string;
}

/** The steps of a job before and after its walk. */
export interface JobActivities {
  /**
   * Opens the job and sets the transition status; for a create it checks and stores the cluster first. Then
   * asks the cloud whether it can take what the job will make, splits the job into tasks and stores the
   * plan, once. Where the cloud refuses, the job is open, and nothing is planned.
   */
  BeginJob(input: RunJobInput): Promise<BegunJob>;
  /** The tasks of a part of a layer, in order. */
  loadSlice(request: {
    jobId: string;
    layerIndex: number;
    offset: number;
    limit: number;
  }): Promise<readonly TaskRef[]>;
  /**
   * Closes the job's row and clears the transition status. With `refresh` it stores before that what the
   * cloud says about every node; a cloud that refuses does not keep the job open. A job that was never
   * opened, or has gone with its cluster, stays so.
   */
  EndJob(request: JobStep & JobEnd & { readonly refresh: boolean }): Promise<ClosedJob>;
}

/** Names the task that a handle or a wait is for. */
export interface TaskStep {
  readonly taskId: string;
}

/** An activity for every action, and one for every wait. */
export type TaskActivities = Readonly<
  Record<TaskAction, (request: TaskStep) => Promise<{ wait: boolean }>> &
    Record<`Wait${TaskAction}`, (request: TaskStep) => Promise<void>>
>;

/** What the workflow of a frontgate decides by. */
export interface LoadedFrontgate {
  readonly queues: QueueScope;
  readonly timing: ActivityTiming;
  readonly members: readonly FrontgateMember[];
  /** The cluster that is the frontgate now. */
  readonly cluster: { readonly clusterId: string; readonly status: ClusterStatus } | null;
  /** A job is open on it. */
  readonly busy: boolean;
  /** For the next one that is made. */
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
