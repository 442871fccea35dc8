import {
  allHandlersFinished,
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  condition,
  continueAsNew,
  log,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import { advanceJob, decideMove, NEW_JOB, type JobEvent, type JobMove } from '../src/plan/index.ts';
import {
  READ_JOB_STATE,
  toSearchAttributes,
  type BegunJob,
  type ClosedJob,
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

type WalkMove = Extract<JobMove, { kind: 'walk' }>;
type EndMove = Extract<JobMove, { kind: 'end' }>;

/**
 * One job: begin (open, check, plan), run the plan's steps, end (read the final state from the cloud,
 * close). The job machine (src/plan) decides what comes next. Whatever happens in between, the job's row
 * is closed and the cluster's transition cleared; if the workflow is terminated, the sweeper does it.
 *
 * Between two steps a long job continues as new, with the state of the machine alone: all else is in
 * the rows.
 */
export async function runJob(given: RunJobInput): Promise<RunJobResult> {
  requireJobInput(given);
  const { state: earlier, ...input } = given;
  let state = earlier ?? NEW_JOB;
  setHandler(READ_JOB_STATE, () => state);

  const firstStep = state.cursor;
  const outcomes = new Map<number, WalkOutcome>();
  let begun = earlier === undefined ? null : await readPlan(input);
  for (;;) {
    if (begun !== null && begun.closed !== null) return begun.closed;
    const rules = { steps: begun?.steps ?? [], onFailure: 'stop' } as const;
    const move = decideMove(rules, state);
    setCurrentDetails(
      begun === null
        ? `begins, as soon as a worker has the provider ${input.provider}`
        : stepsTable(rules.steps, outcomes, { firstStep, current: move.kind === 'walk' ? move.step : null }),
    );
    if (move.kind === 'end') return end(input, move, begun, state.failedTasks);

    let event: JobEvent;
    // The safe point for a cancel is a step's border: waits were interrupted, handles were not.
    if (begun !== null && state.mode.kind !== 'stopping' && CancellationScope.current().consideredCancelled) {
      event = { kind: 'cancelled' };
    } else if (move.kind === 'hold') {
      // A held job can be cancelled; what else it can be told comes with job control.
      await CancellationScope.current().cancelRequested.catch(() => undefined);
      continue;
    } else if (move.kind === 'begin' || begun === null) {
      [begun, event] = await begin(input);
    } else {
      if (state.cursor > firstStep && workflowInfo().continueAsNewSuggested) {
        // Also a job that is being cancelled: its state says so.
        await CancellationScope.nonCancellable(() => condition(allHandlersFinished));
        await continueAsNew<typeof runJob>({ ...input, state });
      }
      event = await walk(input, move, begun, outcomes);
    }
    state = advanceJob(rules, state, event);
  }
}

/** The plan of a job that an earlier run has begun. A cancel meanwhile is heard of before the next step. */
function readPlan(input: RunJobInput): Promise<BegunJob> {
  return CancellationScope.nonCancellable(() => beginJob(input));
}

async function begin(input: RunJobInput): Promise<[BegunJob | null, JobEvent]> {
  try {
    return [await beginJob(input), { kind: 'begun' }];
  } catch (error) {
    if (isCancelled(error)) return [null, { kind: 'cancelled' }];
    return [null, { kind: 'begin-failed', error: toErrorInfo(error) }];
  }
}

/** Walks one step; how, is kept in `outcomes` for the details that the Web UI shows. */
async function walk(
  { jobId }: RunJobInput,
  { step, interruptible }: WalkMove,
  { queues, timing }: BegunJob,
  outcomes: Map<number, WalkOutcome>,
): Promise<JobEvent> {
  const walkIt = (): Promise<WalkOutcome> => walkStep(jobId, step, queues, timing);
  try {
    const outcome = await (interruptible ? walkIt() : CancellationScope.nonCancellable(walkIt));
    outcomes.set(step.index, outcome);
    const { failed, allowed, cancelled } = outcome;
    return { kind: 'step-ended', failed: failed.length, allowed, cancelled };
  } catch (error) {
    if (isCancelled(error)) return { kind: 'step-ended', failed: 0, allowed: 0, cancelled: true };
    return { kind: 'step-broke', error: toErrorInfo(error) };
  }
}

function end(
  input: RunJobInput,
  move: EndMove,
  begun: BegunJob | null,
  failedTasks: number,
): Promise<RunJobResult> {
  return CancellationScope.nonCancellable(async () => {
    const closed = await close(input, move, begun);
    const { status } = move;
    upsertSearchAttributes(toSearchAttributes({ status }));
    if (status === 'cancelled') throw new CancelledFailure('the job was cancelled; what it made is kept');
    if (status === 'failed') throw toFailure(closed);
    return { jobId: input.jobId, status, failedTasks };
  });
}

/**
 * Closes the job, with the final state from the cloud if it has run any step. That state is useful, but if
 * the cloud refuses, or workers are lost over it, the job is closed without it.
 */
async function close(
  { jobId, provider }: RunJobInput,
  { status, error, askCloud }: EndMove,
  begun: BegunJob | null,
): Promise<ClosedJob> {
  const request = { jobId, status, error };
  if (askCloud) {
    try {
      return await endJob(provider, { ...request, refresh: true }, begun?.timing);
    } catch (refusal) {
      log.warn('the status of the cluster could not be read', { error: refusal });
    }
  }
  return endJob(provider, { ...request, refresh: false }, begun?.timing);
}

function toFailure({ error }: ClosedJob): ApplicationFailure {
  const failure = ApplicationFailure.create({
    message: error?.message ?? 'the job failed',
    type: error?.code ?? 'JOB_FAILED',
    nonRetryable: true,
    details: error === null ? [] : [error],
  });
  // A task failed, not this line: a stack would only tell where this code is installed.
  failure.stack = '';
  return failure;
}
