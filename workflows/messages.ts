import type { CreateClusterInput, JobAction, JobOptions, QueueScope } from '../src/domain/index.ts';

/** Type names of the workflows; clients start them by name. */
export const RUN_JOB_WORKFLOW = 'runJob';
export const WALK_SLICE_WORKFLOW = 'walkSlice';

/** A cluster has at most one running job, because it has one workflow id. */
export function jobWorkflowId(clusterId: string): string {
  return `cluster/${clusterId}`;
}

export interface RunJobInput {
  readonly jobId: string;
  readonly clusterId: string;
  readonly action: JobAction;
  readonly options: JobOptions;
  readonly requestedBy: string;
  /** For `create` only; passwords in its conf are sealed. */
  readonly create?: CreateClusterInput;
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
