import type { ErrorInfo, JobAction, JobStatus, LayerShape, TaskAction, TaskStatus } from '../domain/index.ts';

interface TaskEventBase {
  readonly at: string;
  readonly jobId: string;
  readonly layer: number;
  readonly taskId: string;
  readonly action: TaskAction;
  readonly nodeId: string | null;
  readonly label: string;
}

/**
 * What happens in a job, in order, for line output and for `--json`; a display of the whole job renders
 * its view instead (`onView`). `at` is the stored time if there is one, otherwise the time when it was
 * seen. Fields are added, never renamed.
 */
export type JobEvent =
  | {
      readonly event: 'job-started';
      readonly at: string;
      readonly jobId: string;
      readonly clusterId: string;
      readonly action: JobAction;
    }
  /** Once the plan is known. */
  | {
      readonly event: 'job-planned';
      readonly at: string;
      readonly jobId: string;
      readonly layers: readonly LayerShape[];
    }
  | ({
      readonly event: 'layer-started';
      readonly at: string;
      readonly jobId: string;
      readonly layer: number;
    } & LayerCounts)
  | ({ readonly event: 'task-started' } & TaskEventBase)
  /** A poll saw something new. */
  | ({ readonly event: 'task-observed'; readonly observation: string } & TaskEventBase)
  /** An attempt failed; there were `attempts` so far. The task may continue. */
  | ({
      readonly event: 'task-failed';
      readonly attempts: number;
      readonly error: ErrorInfo;
      readonly nextAttemptAt: string | null;
    } & TaskEventBase)
  | ({
      readonly event: 'task-ended';
      readonly status: TaskStatus;
      readonly attempts: number;
      readonly error: ErrorInfo | null;
      readonly startedAt: string | null;
    } & TaskEventBase)
  | ({
      readonly event: 'layer-ended';
      readonly at: string;
      readonly jobId: string;
      readonly layer: number;
    } & LayerCounts)
  /** Nothing more of it begins until a user resumes it. */
  | {
      readonly event: 'job-held';
      readonly at: string;
      readonly jobId: string;
      readonly by: string;
      readonly why: string;
    }
  | { readonly event: 'job-resumed'; readonly at: string; readonly jobId: string }
  /** No answer, or no worker to continue the job; it continues by itself once that is over. */
  | { readonly event: 'contact-lost'; readonly at: string; readonly jobId: string; readonly error: ErrorInfo }
  | { readonly event: 'contact-restored'; readonly at: string; readonly jobId: string }
  | {
      readonly event: 'job-ended';
      readonly at: string;
      readonly jobId: string;
      readonly clusterId: string;
      readonly action: JobAction;
      readonly status: JobStatus;
      readonly startedAt: string;
      readonly error: ErrorInfo | null;
    };

interface LayerCounts {
  readonly name: string;
  readonly total: number;
  readonly done: number;
  readonly failed: number;
}
