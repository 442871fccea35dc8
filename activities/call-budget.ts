import { setTimeout as sleep } from 'node:timers/promises';
import type { CallBudgetStore } from '../src/db/index.ts';
import { WindlassError, type QueueScope } from '../src/domain/index.ts';
import type { Provider } from '../src/provider/index.ts';

/** Whose requests are counted together. */
export type BudgetScope = QueueScope;

/** How this worker shares the clouds' APIs with all others. */
export interface CallBudgets {
  /**
   * How a call of `provider` takes the budget of an account and region. Where they are not known yet
   * (the credential of a runtime that is being made), nothing is counted.
   */
  open(
    scope: BudgetScope | null,
    provider: Pick<Provider, 'callsPerSecond'>,
    signal: AbortSignal,
  ): (requests?: number) => Promise<void>;
}

/** Turns of so long are taken from the database at once: what a worker that dies can waste. */
const BATCH_SECONDS = 0.25;
/** For so long an account without a limit is not asked for again. */
const UNLIMITED_MS = 5_000;

/** Gives out turns to the calls of one worker, in the order in which they asked. */
export function createCallBudgets(store: CallBudgetStore): CallBudgets {
  const lines = new Map<string, Line>();
  return {
    open(scope, { callsPerSecond = null }, signal) {
      if (scope === null) return async () => refuseWhenCancelled(signal);
      const key = [scope.provider, scope.account, scope.region].join('/');
      const line = lines.get(key) ?? createLine((count) => store.reserve(scope, count, callsPerSecond));
      lines.set(key, line);
      return async (count = 1) => {
        refuseWhenCancelled(signal);
        if (count > 0) await line.take(count, signal);
      };
    },
  };
}

/** Those who wait for turns of one account and region. */
interface Line {
  take(count: number, signal: AbortSignal): Promise<void>;
}

interface Waiter {
  readonly count: number;
  readonly go: () => void;
  readonly fail: (error: unknown) => void;
  gone: boolean;
}

function createLine(reserve: (count: number) => ReturnType<CallBudgetStore['reserve']>): Line {
  const waiting: Waiter[] = [];
  let unlimitedUntil = 0;
  let batch = 1;
  let serving = false;

  function first(): Waiter | undefined {
    while (waiting[0]?.gone === true) waiting.shift();
    return waiting[0];
  }

  /** Turns for those at the head of the line: at most a batch, but at least those of the first. */
  function countTurns(): number {
    let turns = 0;
    for (const { count, gone } of waiting) {
      if (gone) continue;
      if (turns > 0 && turns + count > batch) break;
      turns += count;
    }
    return turns;
  }

  async function serve(): Promise<void> {
    while (first() !== undefined) {
      const turns = countTurns();
      const answer = await reserve(turns);
      const reservedAt = performance.now();
      if (answer === null) {
        unlimitedUntil = Date.now() + UNLIMITED_MS;
        for (const waiter of waiting.splice(0)) waiter.go();
        return;
      }
      batch = Math.max(1, Math.ceil(answer.perSecond * BATCH_SECONDS));
      for (let used = 0; used < turns;) {
        const waitMs = reservedAt + answer.waitMs + (used * 1000) / answer.perSecond - performance.now();
        if (waitMs > 0) await sleep(waitMs);
        // Whoever gave up while it waited leaves its turn to the next.
        const next = first();
        if (next === undefined || used + next.count > turns) break;
        waiting.shift();
        used += next.count;
        next.go();
      }
    }
  }

  async function start(): Promise<void> {
    if (serving) return;
    serving = true;
    try {
      await serve();
    } catch (error) {
      for (const waiter of waiting.splice(0)) waiter.fail(error);
    } finally {
      serving = false;
    }
  }

  return {
    take(count, signal) {
      if (Date.now() < unlimitedUntil) return Promise.resolve();
      return new Promise((resolve, reject) => {
        const settled = (settle: () => void) => (): void => {
          signal.removeEventListener('abort', giveUp);
          waiter.gone = true;
          settle();
        };
        const giveUp = (): void => settled(() => reject(cancelled(signal)))();
        const waiter: Waiter = {
          count,
          gone: false,
          go: settled(resolve),
          fail: (error) => settled(() => reject(error as Error))(),
        };
        signal.addEventListener('abort', giveUp, { once: true });
        waiting.push(waiter);
        void start();
      });
    },
  };
}

function refuseWhenCancelled(signal: AbortSignal): void {
  if (signal.aborted) throw cancelled(signal);
}

function cancelled(signal: AbortSignal): WindlassError {
  return new WindlassError('cancelled', 'the call was cancelled while it waited to send a request', {
    code: 'CANCELLED',
    cause: signal.reason,
  });
}
