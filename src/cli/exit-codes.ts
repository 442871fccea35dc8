import type { ErrorKind, JobStatus } from '../domain/index.ts';

/** Every exit code of the command, in one place. */
export const EXIT = {
  done: 0,
  internal: 1,
  badInput: 2,
  permission: 3,
  jobFailed: 4,
  notFound: 5,
  conflict: 6,
  unavailable: 7,
  cancelled: 8,
  timeout: 9,
  interrupted: 130,
} as const;

/** The exit code for an error of each kind. */
export const EXIT_OF_KIND: Readonly<Record<ErrorKind, number>> = {
  'invalid-input': EXIT.badInput,
  'not-found': EXIT.notFound,
  conflict: EXIT.conflict,
  // The current state does not allow it: like conflicts, they pass when something is freed.
  quota: EXIT.conflict,
  capacity: EXIT.conflict,
  permission: EXIT.permission,
  throttled: EXIT.unavailable,
  unavailable: EXIT.unavailable,
  timeout: EXIT.timeout,
  cancelled: EXIT.cancelled,
  internal: EXIT.internal,
};

/** The exit code of a command that waited for a job. */
export function exitOfJob(status: JobStatus): number {
  switch (status) {
    case 'failed':
    case 'held':
      return EXIT.jobFailed;
    case 'cancelled':
      return EXIT.cancelled;
    case 'queued':
    case 'working':
    case 'successful':
      return EXIT.done;
  }
}
