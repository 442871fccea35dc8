import {
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  log,
  setCurrentDetails,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import type { ErrorInfo, StepShape } from '../src/domain/index.ts';
import {
  toSearchAttributes,
  type ActivityTiming,
  type BegunJob,
  type ClosedJob,
  type JobEnd,
  type RunJobInput,
  type RunJobResult,
  type WalkOutcome,
} from '../src/protocol/index.ts';
import { beginJob, endJob } from './activity-proxies.ts';
import { toErrorInfo } from './error-info.ts';
import { isCancelled } from './is-cancelled.ts';
import { stepsTable } from './job-details.ts';
import { requireJobInput } from './require-input.ts';
import { walkStep } from './walk-step.ts';

/**
 * One job: begin (open, check, plan), run the plan's steps, end (read the final state from the cloud,
 * close). Whatever happens in between, the job's row is closed and the cluster's transition cleared; if
 * the workflow is terminated, the sweeper does it.
 */
export async function runJob(input: RunJobInput): Promise<RunJobResult> {
  requireJobInput(input);
  setCurrentDetails(`begins, as soon as a worker has the provider ${input.provider}`);
  let begun: BegunJob | null = null;
  let walked: Walked = { outcomes: [], stopped: null };
  try {
    const { closed, steps, queues, timing } = (begun = await beginJob(input));
    if (closed !== null) return closed;
    walked = await walkSteps(steps, (step) => walkStep(input.jobId, step, queues, timing));
  } catch (error) {
    walked = { ...walked, stopped: isCancelled(error) ? 'cancelled' : toErrorInfo(error) };
  }

  return CancellationScope.nonCancellable(async () => {
    const { stopped } = walked;
    const status = stopped === null ? 'successful' : stopped === 'cancelled' ? 'cancelled' : 'failed';
    const end = { status, error: typeof stopped === 'object' ? stopped : null } as const;
    const closed = await close(input, end, walked.outcomes.length > 0, begun?.timing);
    upsertSearchAttributes(toSearchAttributes({ status }));
    if (status === 'cancelled') throw new CancelledFailure('the job was cancelled; what it created is kept');
    if (status === 'failed') {
      const failure = ApplicationFailure.create({
        message: closed.error?.message ?? 'the job failed',
        type: closed.error?.code ?? 'JOB_FAILED',
        nonRetryable: true,
        details: closed.error === null ? [] : [closed.error],
      });
      // A task failed, not this line: a stack would only show where this code is installed.
      failure.stack = '';
      throw failure;
    }
    return { jobId: input.jobId, status, failedTasks: countFailed(walked.outcomes) };
  });
}

/**
 * Closes the job, with the final state from the cloud if it has run any step. That state is useful, but if
 * the cloud refuses, or workers are lost over it, the job is closed without it.
 */
async function close(
  { jobId, provider }: RunJobInput,
  end: JobEnd,
  refresh: boolean,
  timing?: ActivityTiming,
): Promise<ClosedJob> {
  if (refresh) {
    try {
      return await endJob(provider, { jobId, ...end, refresh }, timing);
    } catch (error) {
      log.warn('the status of the cluster could not be read', { error });
    }
  }
  return endJob(provider, { jobId, ...end, refresh: false }, timing);
}

/** Why the steps stopped; the errors of failed tasks are in their rows. */
type Stopped = 'cancelled' | 'failed' | ErrorInfo;

interface Walked {
  readonly outcomes: readonly WalkOutcome[];
  readonly stopped: Stopped | null;
}

/**
 * Runs the steps in order until one fails or the job is cancelled; then only the steps that always run. A
 * cancel does not interrupt those. A job that has run no step has nothing to clean up.
 */
async function walkSteps(
  steps: readonly StepShape[],
  walk: (step: StepShape) => Promise<WalkOutcome>,
): Promise<Walked> {
  const outcomes = new Map<number, WalkOutcome>();
  let stopped: Stopped | null = null;
  for (const step of steps) {
    // The safe point for a cancel is a layer's border: waits were interrupted, handles were not.
    if (CancellationScope.current().consideredCancelled) stopped ??= 'cancelled';
    if (stopped !== null && (step.runs !== 'always' || outcomes.size === 0)) continue;
    setCurrentDetails(stepsTable(steps, outcomes, step.index));
    try {
      const outcome = await (step.runs === 'always'
        ? CancellationScope.nonCancellable(() => walk(step))
        : walk(step));
      outcomes.set(step.index, outcome);
      stopped ??= stopOf(outcome);
    } catch (error) {
      stopped ??= isCancelled(error) ? 'cancelled' : toErrorInfo(error);
    }
  }
  setCurrentDetails(stepsTable(steps, outcomes, null));
  return { outcomes: [...outcomes.values()], stopped };
}

function stopOf({ failed, cancelled }: WalkOutcome): 'cancelled' | 'failed' | null {
  if (failed.length > 0) return 'failed';
  return cancelled ? 'cancelled' : null;
}

function countFailed(outcomes: readonly WalkOutcome[]): number {
  return outcomes.reduce((sum, outcome) => sum + outcome.failed.length + outcome.allowed, 0);
}
