import type { JobAction } from './actions.ts';
import type { Conf } from './app.ts';
import type { ErrorInfo } from './errors.ts';

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
