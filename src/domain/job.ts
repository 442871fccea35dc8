import type { Conf } from './app.ts';
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

/** What a user says beyond the action's name; each field belongs to the actions that it names. */
export interface JobOptions {
  /** delete: go on although a destroy service refuses, where the package allows it. */
  readonly force?: boolean;
  /** upgrade: the version that the cluster shall run. */
  readonly versionId?: string;
  /**
   * update-env, upgrade: put over the cluster's stored conf, key by key; null takes a key away.
   * Passwords are sealed on the way, and SecretReferences once they are stored.
   */
  readonly conf?: Conf;
  /** add-nodes, delete-nodes: of which role. */
  readonly role?: string;
  /** add-nodes: how many more. delete-nodes, where `nodeIds` names none: how many fewer, the last ones first. */
  readonly count?: number;
  /** delete-nodes: exactly these. */
  readonly nodeIds?: readonly string[];
  /** resize: new sizes, at most one entry a role. */
  readonly sizes?: readonly RoleSize[];
  /** restart: these roles only; all where absent. */
  readonly roles?: readonly string[];
}

/** What the nodes of a role shall have; what is absent stays as it is. */
export interface RoleSize {
  readonly role: string;
  /** CPUs; a fraction where the provider can give one. */
  readonly cpu?: number;
  readonly memoryMiB?: number;
  /** Upper limits, where the provider knows limits apart from sizes. */
  readonly cpuLimit?: number;
  readonly memoryLimitMiB?: number;
  readonly instanceClass?: number;
  /** Of every volume of the role. */
  readonly volumeSizeGiB?: number;
}

export interface ActionRule {
  /** Statuses a cluster may be in when the action begins. */
  readonly from: readonly ClusterStatus[];
  readonly transition: TransitionStatus;
  /** Status after success. `as-before`: the one it began in, and `active` where that was `failed`. */
  readonly to: ClusterStatus | 'as-before';
  /** The action changes what the cluster shall be, not only what it is: see ClusterChange. */
  readonly changesWanted?: true;
}

/**
 * Which action is possible when, and what it leads to: the widest that any provider allows; a
 * provider refuses more when it plans. A failed job leaves `failed`.
 */
export const ACTION_RULES: Readonly<Record<JobAction, ActionRule>> = {
  create: { from: ['pending'], transition: 'creating', to: 'active' },
  stop: { from: ['active', 'failed'], transition: 'stopping', to: 'stopped' },
  start: { from: ['stopped', 'failed'], transition: 'starting', to: 'active' },
  delete: { from: ['pending', 'active', 'stopped', 'failed'], transition: 'deleting', to: 'deleted' },
  cease: { from: ['deleted'], transition: 'ceasing', to: 'deleted' },
  'add-nodes': { from: ['active', 'failed'], transition: 'scaling', to: 'active', changesWanted: true },
  'delete-nodes': { from: ['active', 'failed'], transition: 'scaling', to: 'active', changesWanted: true },
  resize: {
    from: ['active', 'stopped', 'failed'],
    transition: 'resizing',
    to: 'as-before',
    changesWanted: true,
  },
  'update-env': {
    from: ['active', 'stopped', 'failed'],
    transition: 'updating',
    to: 'as-before',
    changesWanted: true,
  },
  restart: { from: ['active', 'failed'], transition: 'restarting', to: 'active' },
  upgrade: {
    from: ['active', 'stopped', 'failed'],
    transition: 'upgrading',
    to: 'as-before',
    changesWanted: true,
  },
  rollback: {
    from: ['active', 'stopped', 'failed'],
    transition: 'rollbacking',
    to: 'as-before',
    changesWanted: true,
  },
  recover: { from: ['failed', 'deleted'], transition: 'recovering', to: 'active' },
  'custom-service': { from: ['active'], transition: 'running-service', to: 'active' },
  'attach-key-pairs': { from: ['active'], transition: 'updating', to: 'active' },
  'detach-key-pairs': { from: ['active'], transition: 'updating', to: 'active' },
};

/** Status of a cluster after an action that began in `before` has succeeded. */
export function statusAfterSuccess(action: JobAction, before: ClusterStatus): ClusterStatus {
  const { to } = ACTION_RULES[action];
  if (to !== 'as-before') return to;
  return before === 'failed' ? 'active' : before;
}
