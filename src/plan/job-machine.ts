import type { ErrorInfo, JobFailure, JobMode, JobState, StepShape } from '../domain/index.ts';

// What a job does next. Pure, so that it is tested without a server, and so that a workflow may run it: the
// same plan, state and event give the same decision.

/** What has happened to a job. A job hears of it between two steps. */
export type JobEvent =
  /** It is open, checked and planned. */
  | { readonly kind: 'begun' }
  | { readonly kind: 'begin-failed'; readonly error: ErrorInfo }
  /** The walk of the step at the cursor has ended; `failed` tasks stop the job, `allowed` ones do not. */
  | {
      readonly kind: 'step-ended';
      readonly failed: number;
      readonly allowed: number;
      readonly cancelled: boolean;
    }
  /** The walk of the step at the cursor broke off, for a reason that is in no row of a task. */
  | { readonly kind: 'step-broke'; readonly error: ErrorInfo }
  | { readonly kind: 'cancelled' }
  /** It is to wait before its next step. */
  | { readonly kind: 'hold' }
  /** A held job goes on: a step that has failed is walked again. */
  | { readonly kind: 'resume' };

/** What a job does next. */
export type JobMove =
  | { readonly kind: 'begin' }
  /** Where it is not `interruptible`, a cancel waits for its end. */
  | { readonly kind: 'walk'; readonly step: StepShape; readonly interruptible: boolean }
  | { readonly kind: 'hold' }
  /** `askCloud`: the cluster may have changed, so that its status is read before the job is closed. */
  | {
      readonly kind: 'end';
      readonly status: 'successful' | 'failed' | 'cancelled';
      readonly error: ErrorInfo | null;
      readonly askCloud: boolean;
    };

/** The rules that a job follows. */
export interface JobRules {
  /** The plan, in order; empty while there is none. */
  readonly steps: readonly StepShape[];
  /** What a failure does that is not allowed. */
  readonly onFailure: 'stop' | 'hold';
}

/** A job of which nothing has happened yet. */
export const NEW_JOB: JobState = {
  cursor: 0,
  mode: { kind: 'beginning' },
  walked: false,
  failedTasks: 0,
};

/** How a job stands after an event. An event that means nothing to it in its mode changes nothing. */
export function advanceJob({ steps, onFailure }: JobRules, state: JobState, event: JobEvent): JobState {
  const { mode } = state;
  switch (event.kind) {
    case 'begun':
      return mode.kind === 'beginning' ? enter(state, { kind: 'walking' }) : state;
    case 'begin-failed':
      return mode.kind === 'beginning'
        ? enter(state, { kind: 'stopping', because: { error: event.error } })
        : state;
    case 'step-ended':
    case 'step-broke':
      return mode.kind === 'walking' || mode.kind === 'stopping'
        ? endStep(steps, state, event, onFailure)
        : state;
    case 'cancelled':
      return mode.kind === 'stopping' ? state : enter(state, { kind: 'stopping', because: 'cancelled' });
    case 'hold':
      return mode.kind === 'walking' ? enter(state, { kind: 'held', because: 'asked' }) : state;
    case 'resume':
      return mode.kind === 'held' ? enter(state, { kind: 'walking' }) : state;
  }
}

/** What a job does next. */
export function decideMove({ steps }: Pick<JobRules, 'steps'>, state: JobState): JobMove {
  const { mode, walked } = state;
  if (mode.kind === 'beginning') return { kind: 'begin' };
  if (mode.kind === 'held') return { kind: 'hold' };
  const step = findStep(steps, state);
  if (step !== undefined) return { kind: 'walk', step, interruptible: step.runs !== 'always' };
  if (mode.kind === 'walking') return { kind: 'end', status: 'successful', error: null, askCloud: walked };
  const { because } = mode;
  return {
    kind: 'end',
    status: because === 'cancelled' ? 'cancelled' : 'failed',
    error: typeof because === 'object' ? because.error : null,
    askCloud: walked,
  };
}

/** The step that is walked next, from the cursor on; a job that has walked nothing has nothing to put right. */
function findStep(steps: readonly StepShape[], { cursor, mode, walked }: JobState): StepShape | undefined {
  if (mode.kind === 'walking') return steps[cursor];
  return walked ? steps.slice(cursor).find(({ runs }) => runs === 'always') : undefined;
}

function endStep(
  steps: readonly StepShape[],
  state: JobState,
  event: Extract<JobEvent, { kind: 'step-ended' | 'step-broke' }>,
  onFailure: JobRules['onFailure'],
): JobState {
  const step = findStep(steps, state);
  if (step === undefined) return state;
  const failedTasks = state.failedTasks + (event.kind === 'step-ended' ? event.failed + event.allowed : 0);
  const walked = { ...state, walked: true, failedTasks };
  const next = { ...walked, cursor: step.index + 1 };
  // The first reason to stop stays.
  if (state.mode.kind === 'stopping') return next;
  const failure = failureOf(event);
  if (failure !== null) {
    return onFailure === 'hold'
      ? enter({ ...walked, cursor: step.index }, { kind: 'held', because: failure })
      : enter(next, { kind: 'stopping', because: failure });
  }
  const cancelled = event.kind === 'step-ended' && event.cancelled;
  return cancelled ? enter(next, { kind: 'stopping', because: 'cancelled' }) : next;
}

function failureOf(event: Extract<JobEvent, { kind: 'step-ended' | 'step-broke' }>): JobFailure | null {
  if (event.kind === 'step-broke') return { error: event.error };
  return event.failed > 0 ? 'tasks-failed' : null;
}

function enter(state: JobState, mode: JobMode): JobState {
  return { ...state, mode };
}
