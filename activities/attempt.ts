import type { Job } from '../src/domain/index.ts';
import type { Progress } from '../src/task-runner/index.ts';

/** One attempt of an activity, as the interceptor has opened it. */
export interface Attempt {
  /** The activity's type. */
  readonly activity: string;
  /** From 1. */
  readonly number: number;
  /** The job that it is a step of; null if none is stored, or none is needed. */
  readonly job: Job | null;
  readonly signal: AbortSignal;
  readonly startedAtMs: number;
  /** The data that earlier attempts left, and that this one leaves to the next. */
  progress: Progress;
  /** How long a task may be attempted, in milliseconds; known once its row is read. */
  limitMs: number;
  /**
   * Sends a heartbeat now, so that the latest progress survives this attempt; `ends` if the attempt ends
   * with it.
   */
  beat(ends: boolean): void;
}

/** The implementations of activities: the interceptor passes each one its attempt. */
export type Attempted<Activities> = {
  readonly [Name in keyof Activities]: Activities[Name] extends (input: infer Input) => infer Result
    ? (input: Input, attempt: Attempt) => Result
    : never;
};
