import { randomUUID } from 'node:crypto';
import type { LeaseStore } from '../domain/index.ts';
import {
  findTaskFacts,
  type EffectCall,
  type HandleResult,
  type Observation,
  type Provider,
} from '../provider/index.ts';
import type { LoadedTask, TaskStore } from '../task-runner/index.ts';
import { assertPlainCursor, isCrash, simulatedCrash } from './engine-rules.ts';
import type { MemoryStore } from './memory-store.ts';
import type { Transcript } from './transcript.ts';

/** How one handle is disturbed; nothing of it happens in an undisturbed one. */
export interface HandleOptions {
  readonly signal?: AbortSignal;
  /** The worker dies when it has written and leased the rows, before it calls the provider. */
  readonly claimOnly?: boolean;
  /**
   * While the provider waits for the budget of a change: before the lease is checked for it, or, in
   * a provider that gets the order wrong, after that and before the change.
   */
  readonly inBudget?: () => Promise<void> | void;
  /** Before the n-th effect (from 1) of this handle, before the lease is checked. */
  readonly beforeEffect?: (count: number) => Promise<void> | void;
  /** Before the n-th effect, when the lease has been found good: too late to be stopped by it. */
  readonly pastLease?: (count: number) => Promise<void> | void;
  /** After the n-th effect. */
  readonly afterEffect?: (count: number) => Promise<void> | void;
  /** The worker dies before it stores the answer. */
  readonly answerLost?: boolean;
  /** An error ends it, also one that the engine retries. */
  readonly once?: boolean;
}

export interface WorkerOptions {
  readonly provider: Provider;
  readonly memory: MemoryStore;
  readonly transcript: Transcript;
}

/** One worker of the suite: what it gives to the task runner. It may die by one of its hooks. */
export interface Worker {
  readonly identity: string;
  readonly store: TaskStore;
  /** The fault points of the task runner. */
  readonly point: (name: string) => Promise<void>;
  /** To be called whenever it has taken from the budget of calls. */
  whileBudgetIsTaken(): Promise<void>;
  /** Whether it died because `options` say so: before it called the provider, or when that had answered. */
  hasLostItsAnswer(): boolean;
}

/** A worker over the store in memory, disturbed by the hooks of `options`. */
export function createWorker(
  { provider, memory, transcript }: WorkerOptions,
  options: HandleOptions,
): Worker {
  const counts = { before: 0, after: 0 };
  let dead = false;
  let lost = false;
  // Set while the budget that is taken is that of a change.
  let changing = 0;

  /** Runs a hook; one that throws a crash has killed the worker, whatever catches it. */
  async function runHook(hook: ((count: number) => Promise<void> | void) | undefined, count: number) {
    try {
      await hook?.(count);
    } catch (error) {
      if (isCrash(error)) dead = true;
      throw error;
    }
  }

  async function handle(...[context, call]: Parameters<Provider['handleSubtask']>): Promise<HandleResult> {
    // Which clusters need a frontgate is the engine's own matter: no provider ever sees these tasks.
    if (context.task.action === 'AcquireFrontgate' || context.task.action === 'ReleaseFrontgate')
      return { state: 'done' };
    const disturbed: EffectCall = {
      ...call,
      async effect(token, send, sendOptions) {
        changing += 1;
        try {
          return await call.effect(token, send, sendOptions);
        } finally {
          changing -= 1;
        }
      },
    };
    const result = await provider.handleSubtask(context, disturbed);
    transcript.add(`result of ${context.task.action}`, result);
    return result;
  }

  async function observe(...[context, call]: Parameters<Provider['waitSubtask']>): Promise<Observation> {
    const observation = await provider.waitSubtask(context, call);
    transcript.add(`observation of ${context.task.action}`, observation);
    if (observation.state === 'pending') assertPlainCursor(observation.cursor);
    return observation;
  }

  const assertAlive = (): void => {
    if (dead) throw simulatedCrash();
  };
  const { ledger } = memory;
  const leases: LeaseStore = {
    claim: (request) => ledger.claim(request),
    renew: (held, leaseMs) => ledger.renew(held, leaseMs),
    async assertHeld(lease) {
      counts.before += 1;
      await runHook(options.beforeEffect, counts.before);
      await ledger.assertHeld(lease);
    },
    // What has died gives nothing back.
    release: async (held) => (dead ? undefined : ledger.release(held)),
  };

  return {
    identity: `worker-${randomUUID()}`,
    store: {
      async load(taskId): Promise<LoadedTask> {
        const subtasks = { handleSubtask: handle, waitSubtask: observe };
        const context = memory.loadContext(taskId);
        return { context, facts: findTaskFacts(context.task.action, provider), provider, subtasks };
      },
      leases,
      async storeChanges(task, changes, held) {
        assertAlive();
        memory.storeChanges(task, changes, held);
      },
      async succeed(task, changes, held) {
        assertAlive();
        memory.storeEnd(task, changes, held);
        return true;
      },
    },
    async whileBudgetIsTaken() {
      if (changing > 0) await runHook(options.inBudget, counts.before);
    },
    hasLostItsAnswer: () => lost,
    async point(name) {
      if (name === 'before-effect') await runHook(options.pastLease, counts.before);
      if (name === 'after-effect') {
        counts.after += 1;
        await runHook(options.afterEffect, counts.after);
      }
      // Nothing is stored; the leases are given back, so that the next need not wait.
      lost =
        (name === 'claimed' && options.claimOnly === true) ||
        (name === 'handled' && options.answerLost === true);
      if (lost) throw simulatedCrash();
    },
  };
}
