import type { ErrorInfo } from './errors.ts';
import type { ClusterStatus, TransitionStatus } from './cluster.ts';

/** Append only: jobs of every version are kept. */
export const JOB_ACTIONS = [
  'create',
  'stop',
  'start',
  'delete',
  'cease',
  'add-nodes',
  'delete-nodes',
  'resize',
  'update-env',
  'restart',
  'upgrade',
  'rollback',
  'recover',
  'custom-service',
  'attach-key-pairs',
  'detach-key-pairs',
] as const;
export type JobAction = (typeof JOB_ACTIONS)[number];

export const JOB_STATUSES = ['queued', 'working', 'held', 'successful', 'failed', 'cancelled'] as const;
export type JobStatus = (typeof JOB_STATUSES)[number];

/** queued, working and held jobs are open: their effects are allowed. */
export function isOpenJobStatus(status: JobStatus): boolean {
  return status === 'queued' || status === 'working' || status === 'held';
}

/** One action on one cluster. */
export interface Job {
  readonly jobId: string;
  readonly clusterId: string;
  readonly runtimeId: string;
  readonly action: JobAction;
  readonly status: JobStatus;
  readonly options: JobOptions;
  readonly requestedBy: string;
  readonly startedAt: string;
  readonly closedAt: string | null;
  readonly error: ErrorInfo | null;
}

export interface JobOptions {
  /** delete: go on although a destroy service refuses, where the package allows it. */
  readonly force?: boolean;
}

export interface ActionRule {
  /** Statuses a cluster may be in when the action begins. */
  readonly from: readonly ClusterStatus[];
  readonly transition: TransitionStatus;
  /** Status after success. */
  readonly to: ClusterStatus;
}

/** Which action is possible when, and what it leads to. A failed job leaves `failed` where it says so. */
export const ACTION_RULES: Readonly<Record<JobAction, ActionRule>> = {
  create: { from: ['pending'], transition: 'creating', to: 'active' },
  stop: { from: ['active', 'failed'], transition: 'stopping', to: 'stopped' },
  start: { from: ['stopped', 'failed'], transition: 'starting', to: 'active' },
  delete: { from: ['pending', 'active', 'stopped', 'failed'], transition: 'deleting', to: 'deleted' },
  cease: { from: ['deleted'], transition: 'ceasing', to: 'deleted' },
  'add-nodes': { from: ['active'], transition: 'scaling', to: 'active' },
  'delete-nodes': { from: ['active'], transition: 'scaling', to: 'active' },
  resize: { from: ['active', 'stopped'], transition: 'resizing', to: 'active' },
  'update-env': { from: ['active'], transition: 'updating', to: 'active' },
  restart: { from: ['active'], transition: 'restarting', to: 'active' },
  upgrade: { from: ['stopped'], transition: 'upgrading', to: 'stopped' },
  rollback: { from: ['stopped'], transition: 'rollbacking', to: 'stopped' },
  recover: { from: ['failed', 'deleted'], transition: 'recovering', to: 'active' },
  'custom-service': { from: ['active'], transition: 'running-service', to: 'active' },
  'attach-key-pairs': { from: ['active'], transition: 'updating', to: 'active' },
  'detach-key-pairs': { from: ['active'], transition: 'updating', to: 'active' },
};
