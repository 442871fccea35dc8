import type { JobAction } from './actions.ts';
import type { Conf } from './app.ts';
import type { RoleSize } from './cluster.ts';
import { WindlassError, type ErrorInfo } from './errors.ts';

export const JOB_STATUSES = ['queued', 'working', 'held', 'successful', 'failed', 'cancelled'] as const;
export type JobStatus = (typeof JOB_STATUSES)[number];

/**
 * Statuses of jobs that have not ended: their effects are allowed, and no other job of their cluster is
 * opened. A held job waits for a user's command.
 */
export const OPEN_JOB_STATUSES: readonly JobStatus[] = ['queued', 'working', 'held'];

/** Whether a job has not ended yet. */
export function isOpenJobStatus(status: JobStatus): boolean {
  return OPEN_JOB_STATUSES.includes(status);
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
  /** Why it waits; null for a job that is not held. */
  readonly held: JobHold | null;
}

/** Who holds a job, since when, and why. */
export interface JobHold {
  readonly by: string;
  readonly why: string;
  readonly at: string;
}

/** The error for a cluster that takes no further job: one is open on it. */
export function clusterBusy(
  clusterId: string,
  { jobId, action, held }: Pick<Job, 'jobId' | 'action' | 'held'>,
): WindlassError {
  const state =
    held === null
      ? { text: 'runs on it', hint: `wait for it with \`windlass job watch ${jobId}\`, or cancel it first` }
      : {
          text: `is held on it: ${held.why}`,
          hint: `see what it waits for with \`windlass job describe ${jobId}\`, or cancel it`,
        };
  return new WindlassError(
    'conflict',
    `cluster ${clusterId} is busy: job ${jobId} (${action}) ${state.text}`,
    {
      code: 'CLUSTER_BUSY',
      hint: state.hint,
    },
  );
}

/** What a user says beyond the action's name; each field belongs to the actions that it names. */
export interface JobOptions {
  /** delete: continue although a destroy service refuses, if the package allows it. */
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
