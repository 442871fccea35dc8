import type { Job } from '../src/domain/index.ts';
import type { Progress } from '../src/task-runner/index.ts';

/** One try of an activity, as the interceptor has opened it. */
export interface Attempt {
  /** The activity's type. */
  readonly activity: string;
  /** From 1. */
  readonly number: number;
  /** The job that it is a step of; null where none is stored, or none is needed. */
  readonly job: Job | null;
  readonly signal: AbortSignal;
  readonly startedAtMs: number;
  /** What the tries before this one have left, and what this one leaves to the next. */
  progress: Progress;
  /** How long a task may be tried, in milliseconds; known once its row is read. */
  limitMs: number;
  /** Sends a heartbeat now, so that the latest progress survives this try; `ends` where that ends with it. */
  beat(ends: boolean): void;
}

/** Activities as they are implemented: the interceptor hands each one its attempt. */
export type Attempted<Activities> = {
  readonly [Name in keyof Activities]: Activities[Name] extends (input: infer Input) => infer Result
    ? (input: Input, attempt: Attempt) => Result
    : never;
};
