import type { QueryDefinition, SignalDefinition } from '@temporalio/common';
import type {
  ErrorInfo,
  FrontgateMember,
  FrontgateKey,
  JobAction,
  JobOptions,
  JobState,
  PlanSlice,
  QueueScope,
} from '../domain/index.ts';
import type { CreateClusterInput } from './requests.ts';

/** The workflows by their type names, with their inputs and results. Clients start them by name. */
export interface Workflows {
  /** One job of one cluster. */
  runJob(input: RunJobInput): Promise<RunJobResult>;
  /** A part of a wide layer, as a child of its job. */
  walkSlice(input: WalkSliceInput): Promise<WalkOutcome>;
  /** Keeps the frontgate of one runtime and VPC for as long as clusters need it. */
  frontgate(input: FrontgateInput): Promise<void>;
}

export const RUN_JOB_WORKFLOW = 'runJob' satisfies keyof Workflows;
export const WALK_SLICE_WORKFLOW = 'walkSlice' satisfies keyof Workflows;
export const FRONTGATE_WORKFLOW = 'frontgate' satisfies keyof Workflows;

/** A cluster has at most one running job, because it has one workflow id. */
export function jobWorkflowId(clusterId: string): string {
  return `cluster/${clusterId}`;
}

/** The common prefix of the ids of all slices of that job. */
export function sliceWorkflowPrefix(jobWorkflow: string, jobId: string): string {
  return `${jobWorkflow}/${jobId}/`;
}

/** A slice of a step of that job. */
export function sliceWorkflowId(jobWorkflow: string, jobId: string, { step, from }: PlanSlice): string {
  return `${sliceWorkflowPrefix(jobWorkflow, jobId)}${step}/${from}`;
}

export interface RunJobInput {
  readonly jobId: string;
  readonly clusterId: string;
  readonly action: JobAction;
  readonly options: JobOptions;
  readonly requestedBy: string;
  /** The provider of the cluster's runtime: it selects the worker of the first step. */
  readonly provider: string;
  /** For `create` only; passwords in its conf are sealed. */
  readonly create?: CreateClusterInput;
  /** Set if the cluster is a frontgate. */
  readonly frontgate?: FrontgateJob;
  /** Where the run before this one has left off; absent in the first run of a job. */
  readonly state?: JobState;
}

/** The job of a frontgate; only the workflow that keeps it starts one. */
export interface FrontgateJob extends FrontgateKey {
  /** For `create`: its placement. */
  readonly subnetId: string;
}

export interface RunJobResult {
  readonly jobId: string;
  readonly status: 'successful' | 'failed' | 'cancelled';
  /** How many tasks failed, allowed failures included. */
  readonly failedTasks: number;
}

export interface WalkSliceInput {
  readonly jobId: string;
  readonly slice: PlanSlice;
  /** At most this many lanes of the slice run at the same time. */
  readonly lanesAtOnce: number;
  readonly queues: QueueScope;
  readonly timing: ActivityTiming;
}

/** How a set of tasks ended. Only ids leave a slice: the rest is in the task rows. */
export interface WalkOutcome {
  /** Tasks whose failure stops the job. */
  readonly failed: readonly string[];
  /** Tasks whose failure was allowed. */
  readonly allowed: number;
  readonly cancelled: boolean;
}

/** What the worker's configuration says about activities; fixed for a job when it begins. */
export interface ActivityTiming {
  readonly heartbeatSeconds: number;
}

/** Asks the workflow of a job how the job stands between its steps. */
export const READ_JOB_STATE = defineQuery<JobState>('jobState');

/** A cluster now needs the frontgate. */
export const ACQUIRE_FRONTGATE = defineSignal<[FrontgateNews]>('acquireFrontgate');
/** A cluster needs the frontgate less than before, or no longer. */
export const RELEASE_FRONTGATE = defineSignal<[FrontgateNews]>('releaseFrontgate');
/** Queries the state of a frontgate's workflow. */
export const READ_FRONTGATE = defineQuery<FrontgateState>('frontgate');

/** One workflow keeps the frontgate of one runtime and VPC. */
export function frontgateWorkflowId({ runtimeId, vpcId }: FrontgateKey): string {
  return `frontgate/${runtimeId}/${vpcId}`;
}

export interface FrontgateInput extends FrontgateKey {
  /** The state of the run before; absent in the first one. */
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
  /** What it needs now; `none`: it is no longer a member. */
  readonly use: FrontgateMember['use'] | 'none';
}

export interface FrontgateState {
  readonly members: readonly FrontgateMember[];
  /** The frontgate runs as it should, and no change is pending. */
  readonly ready: boolean;
  /** Everything is in the state that the set of members requires, including no frontgate at all. */
  readonly settled: boolean;
  /** The job that works on it now. */
  readonly job: { readonly jobId: string; readonly clusterId: string; readonly action: JobAction } | null;
  /** Why the last job failed; null once the next attempt has begun. */
  readonly failure: ErrorInfo | null;
}

// As the SDK's workflow package defines them, which only workflows load.

function defineSignal<Args extends unknown[]>(name: string): SignalDefinition<Args> {
  return { type: 'signal', name } as SignalDefinition<Args>;
}

function defineQuery<Answer>(name: string): QueryDefinition<Answer> {
  return { type: 'query', name } as QueryDefinition<Answer>;
}
