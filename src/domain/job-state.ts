import type { ErrorInfo } from './errors.ts';

/**
 * How a job stands between two steps of its plan. Together with the rows it is all that a run of the
 * job's workflow hands to the next one, so its size does not grow with the job.
 */
export interface JobState {
  /** Index of the step that is walked next. */
  readonly cursor: number;
  readonly mode: JobMode;
  /** Whether a step was walked. Before that the job has changed nothing. */
  readonly walked: boolean;
  /** How many tasks have failed, those included whose failure was allowed. */
  readonly failedTasks: number;
}

/**
 * `beginning`: not planned yet. `walking`: steps in order. `held`: nothing is walked until a command
 * says how it goes on. `stopping`: of what is left only the steps that run always are walked.
 */
export type JobMode =
  | { readonly kind: 'beginning' }
  | { readonly kind: 'walking' }
  | { readonly kind: 'held'; readonly because: 'asked' | JobFailure }
  | { readonly kind: 'stopping'; readonly because: 'cancelled' | JobFailure };

/** Why a walk went no further; the errors of failed tasks are in their rows. */
export type JobFailure = 'tasks-failed' | { readonly error: ErrorInfo };

export const JOB_MODES: readonly JobMode['kind'][] = ['beginning', 'walking', 'held', 'stopping'];
