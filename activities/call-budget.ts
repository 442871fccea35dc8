import { setTimeout as sleep } from 'node:timers/promises';
import type { CallBudgetStore } from '../src/db/index.ts';
import { WindlassError, type QueueScope } from '../src/domain/index.ts';
import type { Provider } from '../src/provider/index.ts';

/** Requests with the same scope are counted together. */
export type BudgetScope = QueueScope;

/** How this worker shares the clouds' APIs with all others. */
export interface CallBudgets {
  /**
   * How a call of `provider` takes the budget of an account and region. If they are not known yet (the
   * credential of a runtime that is being created), nothing is counted.
   */
  open(
    scope: BudgetScope | null,
    provider: Pick<Provider, 'callsPerSecond'>,
    signal: AbortSignal,
  ): (requests?: number) => Promise<void>;
}

/**
 * The time span of the slots that are taken from the database in one request: at most this much is wasted
 * when a worker dies.
 */
const BATCH_SECONDS = 0.25;
/** An account without a limit is not read again for this time. */
const UNLIMITED_MS = 5_000;

/** Assigns slots to the calls of one worker, in the order in which they asked. */
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

/** The callers that wait for slots of one account and region. */
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

  /** Slots for the first callers of the line: at most a batch, but at least those of the first caller. */
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
        // A caller that was cancelled while it waited leaves its slot to the next.
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
