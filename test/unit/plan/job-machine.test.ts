import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JobState, StepShape } from '../../../src/domain/index.ts';
import {
  advanceJob,
  decideMove,
  NEW_JOB,
  type JobEvent,
  type JobMove,
  type JobRules,
} from '../../../src/plan/index.ts';

const ERROR = { kind: 'unavailable', code: 'BROKE', message: 'it broke' } as const;

const stepOf = (index: number, runs: StepShape['runs']): StepShape => ({
  index,
  title: `step ${index}`,
  runs,
  layers: [{ index, name: `layer ${index}`, total: 1 }],
  lanes: null,
});

const stepsOf = (...runs: readonly StepShape['runs'][]): readonly StepShape[] =>
  runs.map((how, index) => stepOf(index, how));

/** How the walk of a step ends. */
type StepEnd = 'done' | 'allowed' | 'fails' | 'cancelled' | 'breaks';

const EVENTS: Readonly<Record<StepEnd, JobEvent>> = {
  done: { kind: 'step-ended', failed: 0, allowed: 0, cancelled: false },
  allowed: { kind: 'step-ended', failed: 0, allowed: 2, cancelled: false },
  fails: { kind: 'step-ended', failed: 1, allowed: 0, cancelled: false },
  cancelled: { kind: 'step-ended', failed: 0, allowed: 0, cancelled: true },
  breaks: { kind: 'step-broke', error: ERROR },
};

interface Life {
  readonly steps: readonly StepShape[];
  readonly onFailure: JobRules['onFailure'];
  /** How walks end, in the order in which they happen; those after the last are done. */
  readonly ends: readonly StepEnd[];
  /** What is said between two steps, by how many walks have ended before. */
  readonly said: ReadonlyMap<number, readonly ('cancelled' | 'hold')[]>;
  readonly begins: boolean;
}

interface Lived {
  readonly walked: readonly number[];
  readonly moves: readonly JobMove[];
  readonly states: readonly JobState[];
  readonly end: Extract<JobMove, { kind: 'end' }>;
  /** Walks after which the job was asked to stop: by a failure, or by a cancel that was said. */
  readonly stoppedAfter: number | null;
}

/** Lives a job as its workflow does; `between` may put something between two of its states. */
function live(life: Life, between: (state: JobState) => JobState = (state) => state): Lived {
  const rules: JobRules = { steps: life.steps, onFailure: life.onFailure };
  const walked: number[] = [];
  const moves: JobMove[] = [];
  const states: JobState[] = [NEW_JOB];
  let state = NEW_JOB;
  let stoppedAfter: number | null = null;
  const tell = (event: JobEvent): void => {
    state = between(advanceJob(rules, state, event));
    states.push(state);
    if (stoppedAfter === null && state.mode.kind === 'stopping') stoppedAfter = walked.length;
  };
  const said = new Map(life.said);
  for (let turns = 0; turns < 200; turns += 1) {
    const move = decideMove(rules, state);
    moves.push(move);
    if (move.kind === 'end') return { walked, moves, states, end: move, stoppedAfter };
    if (move.kind === 'begin') {
      tell(life.begins ? { kind: 'begun' } : { kind: 'begin-failed', error: ERROR });
      continue;
    }
    const events = said.get(walked.length) ?? [];
    said.delete(walked.length);
    if (events.length > 0) {
      for (const kind of events) tell({ kind });
      continue;
    }
    if (move.kind === 'hold') {
      tell({ kind: 'resume' });
      continue;
    }
    const how = life.ends[walked.length] ?? 'done';
    walked.push(move.step.index);
    // What may not be interrupted ends as if no cancel had come.
    tell(EVENTS[!move.interruptible && how === 'cancelled' ? 'done' : how]);
  }
  throw new Error('the job did not end');
}

const lives: fc.Arbitrary<Life> = fc.record({
  steps: fc
    .array(fc.constantFrom<StepShape['runs']>('in-order', 'in-order', 'always'), { maxLength: 8 })
    .map((runs) => stepsOf(...runs)),
  onFailure: fc.constantFrom('stop' as const, 'hold' as const),
  ends: fc.array(
    fc.constantFrom<StepEnd>('done', 'done', 'done', 'allowed', 'fails', 'cancelled', 'breaks'),
    {
      maxLength: 12,
    },
  ),
  said: fc
    .array(
      fc.tuple(
        fc.nat(8),
        fc.array(fc.constantFrom('cancelled' as const, 'hold' as const), { minLength: 1, maxLength: 2 }),
      ),
      { maxLength: 2 },
    )
    .map((entries) => new Map(entries)),
  begins: fc.integer({ min: 0, max: 9 }).map((chance) => chance > 0),
});

const BAD: readonly StepEnd[] = ['fails', 'breaks'];

describe('a job of any plan, whatever happens to it', () => {
  it('walks its steps in order, each once, but one that failed and was held', () => {
    fc.assert(
      fc.property(lives, (life) => {
        const { walked } = live(life);
        for (const [at, index] of walked.slice(1).entries()) {
          const before = walked[at] ?? -1;
          const again =
            life.onFailure === 'hold' && index === before && BAD.includes(life.ends[at] ?? 'done');
          expect(again || index > before).toBe(true);
        }
      }),
    );
  });

  it('walks after a failure that stops it nothing but steps that run always, and does not succeed', () => {
    fc.assert(
      fc.property(lives, (life) => {
        if (life.onFailure !== 'stop' || !life.begins) return;
        const { walked, end } = live(life);
        const failed = walked.findIndex((_, at) => BAD.includes(life.ends[at] ?? 'done'));
        if (failed === -1) return;
        expect(end.status).not.toBe('successful');
        for (const index of walked.slice(failed + 1)) expect(life.steps[index]?.runs).toBe('always');
      }),
    );
  });

  it('leaves out no step while nothing stops it, and ends successful only after the last', () => {
    fc.assert(
      fc.property(lives, (life) => {
        const { walked, end, stoppedAfter } = live(life);
        const before = [...new Set(stoppedAfter === null ? walked : walked.slice(0, stoppedAfter))];
        expect(before).toEqual(life.steps.slice(0, before.length).map(({ index }) => index));
        expect(end.status === 'successful').toBe(stoppedAfter === null);
        if (end.status === 'successful') expect(before).toHaveLength(life.steps.length);
      }),
    );
  });

  it('walks exactly the steps that run always once it stops, and none where it has walked nothing', () => {
    fc.assert(
      fc.property(lives, (life) => {
        const { walked, stoppedAfter, end } = live(life);
        if (stoppedAfter === null) return;
        const before = walked.slice(0, stoppedAfter);
        const reached = Math.max(-1, ...before);
        // A step that is held because it failed was not passed: it may be one that runs always.
        const passed = life.onFailure === 'hold' && endsHeld(life, before) ? reached - 1 : reached;
        const owed = life.steps.filter(({ index, runs }) => runs === 'always' && index > passed);
        expect(walked.slice(stoppedAfter)).toEqual(before.length === 0 ? [] : owed.map(({ index }) => index));
        expect(end.askCloud).toBe(before.length > 0);
      }),
    );
  });

  it('never ends failed without a failure, and says the first reason', () => {
    fc.assert(
      fc.property(lives, (life) => {
        const { end, states } = live(life);
        const first = states.find(({ mode }) => mode.kind === 'stopping')?.mode;
        const because = first?.kind === 'stopping' ? first.because : null;
        expect(end.status).toBe(
          because === null ? 'successful' : because === 'cancelled' ? 'cancelled' : 'failed',
        );
        expect(end.error).toEqual(because !== null && typeof because === 'object' ? because.error : null);
        if (because === 'tasks-failed') expect(states.at(-1)?.failedTasks).toBeGreaterThan(0);
      }),
    );
  });

  it('goes the same way when each of its states is written down and read again, and these stay small', () => {
    fc.assert(
      fc.property(lives, (life) => {
        const again = live(life, (state) => {
          const text = JSON.stringify(state);
          expect(text.length).toBeLessThan(250);
          return JSON.parse(text) as JobState;
        });
        expect(again).toEqual(live(life));
      }),
    );
  });
});

/** Whether the last of these walks is one after which the job is held, with its step to be walked again. */
function endsHeld(life: Life, walks: readonly number[]): boolean {
  return BAD.includes(life.ends[walks.length - 1] ?? 'done');
}

describe('a job', () => {
  const rules = (onFailure: JobRules['onFailure'], ...runs: readonly StepShape['runs'][]): JobRules => ({
    steps: stepsOf(...runs),
    onFailure,
  });
  const after = (of: JobRules, ...events: readonly JobEvent[]): JobState =>
    events.reduce((state, event) => advanceJob(of, state, event), NEW_JOB);
  const BEGUN: JobEvent = { kind: 'begun' };

  it('ends with the error of its begin, and asks no cloud', () => {
    const of = rules('stop');
    expect(decideMove(of, NEW_JOB)).toEqual({ kind: 'begin' });
    expect(decideMove(of, after(of, { kind: 'begin-failed', error: ERROR }))).toEqual({
      kind: 'end',
      status: 'failed',
      error: ERROR,
      askCloud: false,
    });
    expect(decideMove(of, after(of, { kind: 'cancelled' }, BEGUN))).toMatchObject({ status: 'cancelled' });
  });

  it('without a step ends at once', () => {
    const of = rules('stop');
    expect(decideMove(of, after(of, BEGUN))).toEqual({
      kind: 'end',
      status: 'successful',
      error: null,
      askCloud: false,
    });
  });

  it('that fails and is cancelled in the same step has failed', () => {
    const of = rules('stop', 'in-order');
    const both: JobEvent = { kind: 'step-ended', failed: 1, allowed: 0, cancelled: true };
    expect(decideMove(of, after(of, BEGUN, both))).toMatchObject({ status: 'failed' });
  });

  it('is interrupted in a step that runs in order, not in one that runs always', () => {
    const of = rules('stop', 'in-order', 'always');
    expect(decideMove(of, after(of, BEGUN))).toMatchObject({ interruptible: true });
    expect(decideMove(of, after(of, BEGUN, EVENTS.done))).toMatchObject({ interruptible: false });
  });

  it('that is held walks nothing until it is resumed: the next step, or the one that failed once more', () => {
    const of = rules('hold', 'in-order', 'in-order');
    const asked = after(of, BEGUN, EVENTS.done, { kind: 'hold' });
    expect(asked.mode).toEqual({ kind: 'held', because: 'asked' });
    expect(decideMove(of, asked)).toEqual({ kind: 'hold' });
    expect(decideMove(of, advanceJob(of, asked, { kind: 'resume' }))).toMatchObject({ step: { index: 1 } });
    const failed = after(of, BEGUN, EVENTS.done, EVENTS.fails);
    expect(failed.mode).toEqual({ kind: 'held', because: 'tasks-failed' });
    expect(decideMove(of, advanceJob(of, failed, { kind: 'resume' }))).toMatchObject({ step: { index: 1 } });
    expect(decideMove(of, advanceJob(of, failed, { kind: 'cancelled' }))).toMatchObject({
      status: 'cancelled',
      askCloud: true,
    });
  });

  it('takes no notice of what means nothing to it', () => {
    const of = rules('stop', 'in-order');
    for (const event of [{ kind: 'resume' }, EVENTS.done, { kind: 'hold' }] as const)
      expect(advanceJob(of, NEW_JOB, event)).toBe(NEW_JOB);
    const stopping = after(of, BEGUN, EVENTS.fails);
    for (const event of [{ kind: 'cancelled' }, { kind: 'hold' }, { kind: 'resume' }, BEGUN] as const)
      expect(advanceJob(of, stopping, event)).toBe(stopping);
    const walking = after(of, BEGUN);
    expect(advanceJob(of, walking, { kind: 'begin-failed', error: ERROR })).toBe(walking);
  });
});
