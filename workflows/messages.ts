import type {
  CreateClusterInput,
  ErrorInfo,
  FrontgateMember,
  FrontgatePlace,
  JobAction,
  JobOptions,
  QueueScope,
} from '../src/domain/index.ts';

/** Type names of the workflows; clients start them by name. */
export const RUN_JOB_WORKFLOW = 'runJob';
export const WALK_SLICE_WORKFLOW = 'walkSlice';

/** A cluster has at most one running job, because it has one workflow id. */
export function jobWorkflowId(clusterId: string): string {
  return `cluster/${clusterId}`;
}

/** A slice of a layer of that job, the one that begins at the task `offset`. */
export function sliceWorkflowId(
  jobWorkflow: string,
  jobId: string,
  layerIndex: number,
  offset: number | '',
): string {
  return `${jobWorkflow}/${jobId}/${layerIndex}/${offset}`;
}

export interface RunJobInput {
  readonly jobId: string;
  readonly clusterId: string;
  readonly action: JobAction;
  readonly options: JobOptions;
  readonly requestedBy: string;
  /** For `create` only; passwords in its conf are sealed. */
  readonly create?: CreateClusterInput;
  /** Set where the cluster is a frontgate. */
  readonly frontgate?: FrontgateJob;
}

/** The job of a frontgate; only the workflow that keeps it starts one. */
export interface FrontgateJob extends FrontgatePlace {
  /** For `create`: where it is placed. */
  readonly subnetId: string;
}

export interface RunJobResult {
  readonly jobId: string;
  readonly status: 'successful' | 'failed' | 'cancelled';
  /** How many tasks failed, allowed failures included. */
  readonly failedTasks: number;
}

/** At most this many tasks are walked by one workflow run at a time. */
export const SLICE_TASKS = 100;

export interface WalkSliceInput {
  readonly jobId: string;
  readonly layerIndex: number;
  readonly layerName: string;
  readonly offset: number;
  readonly limit: number;
  readonly queues: QueueScope;
  readonly timing: ActivityTiming;
}

/** What the worker's configuration says about activities; fixed for a job when it begins. */
export interface ActivityTiming {
  readonly heartbeatSeconds: number;
}

/** Six search attributes, all keywords; registered or checked when a worker starts. */
export const SEARCH_ATTRIBUTES = {
  cluster: 'WindlassCluster',
  job: 'WindlassJob',
  action: 'WindlassAction',
  status: 'WindlassStatus',
  runtime: 'WindlassRuntime',
  app: 'WindlassApp',
} as const;

export const FRONTGATE_WORKFLOW = 'frontgate';
/** Signals of that workflow; each carries a FrontgateNews. */
export const ACQUIRE_SIGNAL = 'acquireFrontgate';
export const RELEASE_SIGNAL = 'releaseFrontgate';
/** Its query; answers a FrontgateState. */
export const FRONTGATE_QUERY = 'frontgate';

/** One workflow keeps the frontgate of one runtime and VPC. */
export function frontgateWorkflowId({ runtimeId, vpcId }: FrontgatePlace): string {
  return `frontgate/${runtimeId}/${vpcId}`;
}

export interface FrontgateInput extends FrontgatePlace {
  /** What the run before knew; absent in the first one. */
  readonly known?: {
    readonly members: readonly FrontgateMember[];
    readonly failure: ErrorInfo | null;
    readonly failures: number;
    readonly acquired: boolean;
  };
}

/** A cluster has joined the set or left it. */
export interface FrontgateNews {
  readonly clusterId: string;
  /** What it needs now; `none`: it is no member any more. */
  readonly use: FrontgateMember['use'] | 'none';
}

export interface FrontgateState {
  readonly members: readonly FrontgateMember[];
  /** The frontgate runs as it should, and nothing is about to change it. */
  readonly ready: boolean;
  /** Everything is as the set of members wants it, also where that is no frontgate at all. */
  readonly settled: boolean;
  /** The job that works on it now. */
  readonly job: { readonly jobId: string; readonly clusterId: string; readonly action: JobAction } | null;
  /** Why the last job ended badly; null once the next try has begun. */
  readonly failure: ErrorInfo | null;
}
