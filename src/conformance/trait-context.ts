import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { WindlassError, type ErrorKind } from '../domain/index.ts';
import type { Capabilities } from '../provider/index.ts';
import type { Bench } from './bench.ts';
import type { CloudLife } from './cloud-life.ts';
import type { Operation } from './operations.ts';
import type { OptionalPart, SuiteOptions, SuiteRunner } from './options.ts';
import type { Read } from './reads.ts';
import type { Transcript } from './transcript.ts';

/** What a trait needs to test its property on every operation. */
export interface TraitContext {
  readonly it: SuiteRunner['it'];
  readonly capabilities: Capabilities;
  /** Of the kind of cloud that the provider is for. */
  readonly life: CloudLife;
  readonly operations: readonly Operation[];
  readonly reads: readonly Read[];
  readonly waitLimitMs: number;
  readonly cancelLimitMs: number;
  readonly transcript: Transcript;
  /** What this process has written to stdout and stderr since the run began. */
  readOutput(): string;
  readonly choose: NonNullable<SuiteOptions['choose']>;
  /** A part of the harness, or undefined where the options say that it is left out. @throws where it is absent. */
  optional<Part>(name: OptionalPart, part: Part | undefined): Part | undefined;
  /** A new cluster in the cloud of this run; when the body has passed, all of it is deleted again. */
  withBench(body: (bench: Bench) => Promise<void>): Promise<void>;
  /** The same in a cloud of its own, which the body may damage. */
  withBenchApart(body: (bench: Bench) => Promise<void>): Promise<void>;
}

/** The error that a call ends with. @throws when it succeeds. */
export async function captureError(what: string, call: () => Promise<unknown>): Promise<WindlassError> {
  const outcome = await settle(call());
  if (!('error' in outcome))
    assert.fail(`${what} should have failed, and returned ${JSON.stringify(outcome.value)}`);
  const { error } = outcome;
  assert.ok(
    WindlassError.isInstance(error),
    `${what} failed with something else than a WindlassError: ${String(error)}`,
  );
  return error;
}

/** Asserts that a call fails with one of these kinds. */
export async function assertFails(
  what: string,
  kinds: readonly ErrorKind[],
  call: () => Promise<unknown>,
): Promise<WindlassError> {
  const error = await captureError(what, call);
  assert.ok(
    kinds.includes(error.kind),
    `${what} failed with ${error.kind} (${error.message}), not ${kinds.join(' or ')}`,
  );
  return error;
}

export type Outcome<T> = { readonly value: T } | { readonly error: unknown };

/** Waits for a call however it ends. */
export async function settle<T>(call: Promise<T>): Promise<Outcome<T>> {
  try {
    return { value: await call };
  } catch (error) {
    return { error };
  }
}

/** Waits for a call however it ends, and fails when it does not end in time. */
export async function settleWithin<T>(limitMs: number, what: string, call: Promise<T>): Promise<Outcome<T>> {
  const timer = new AbortController();
  try {
    return await Promise.race([
      settle(call),
      sleep(limitMs, undefined, { signal: timer.signal }).then(() =>
        assert.fail(`${what} still runs ${limitMs} ms later`),
      ),
    ]);
  } finally {
    timer.abort();
  }
}

/** A place where a worker is frozen until it is let go. */
export interface Gate {
  /** Called by the one that freezes: only the first time. */
  freezeOnce(): Promise<void>;
  /** Resolves when a worker is frozen here. */
  readonly reached: Promise<void>;
  open(): void;
}

export function createGate(): Gate {
  const reached = Promise.withResolvers<void>();
  const opened = Promise.withResolvers<void>();
  let used = false;
  return {
    async freezeOnce() {
      if (used) return;
      used = true;
      reached.resolve();
      await opened.promise;
    },
    reached: reached.promise,
    open: () => opened.resolve(),
  };
}
