/** How much of one kind of work a worker does at the same time. */
export interface AccountLimits {
  /** Work that runs at the same time for one account. */
  readonly perAccount: number;
  /** Work that runs or waits in this worker, of all accounts. */
  readonly total: number;
}

/** Leaves the line: the next one of the same account may run. */
export type Leave = () => void;

/** The waiting and the running work of one worker, by account. */
export interface AccountLines {
  /**
   * Waits until work of `account` may run; null if that account holds too much of the worker already, or
   * `signal` aborts during the wait.
   */
  enter(account: string, signal: AbortSignal): Promise<Leave | null>;
  /** Whether work of `account` would run at once. */
  isFree(account: string): boolean;
}

interface Line {
  running: number;
  readonly waiting: Set<() => void>;
}

/**
 * Keeps one account from taking the whole worker. At most `perAccount` activities of an account run at the
 * same time, the others wait in its line; and the line of an account never holds more than what the worker
 * has left for all others. So an account whose cloud hangs holds at most half of the worker, a second one
 * half of what is left, and so on.
 */
export function createAccountLines({ perAccount, total }: AccountLimits): AccountLines {
  const lines = new Map<string, Line>();
  let held = 0;

  function leave(account: string, line: Line): Leave {
    let left = false;
    return () => {
      if (left) return;
      left = true;
      held -= 1;
      const [next] = line.waiting;
      if (next !== undefined) next();
      else line.running -= 1;
      if (line.running === 0) lines.delete(account);
    };
  }

  return {
    isFree: (account) => (lines.get(account)?.running ?? 0) < perAccount,

    async enter(account, signal) {
      const line = lines.get(account) ?? { running: 0, waiting: new Set() };
      if (signal.aborted || line.running + line.waiting.size >= total - held) return null;
      lines.set(account, line);
      held += 1;
      if (line.running < perAccount) {
        line.running += 1;
        return leave(account, line);
      }
      return new Promise((resolve) => {
        const end = (result: Leave | null): void => {
          signal.removeEventListener('abort', giveUp);
          line.waiting.delete(run);
          resolve(result);
        };
        const run = (): void => end(leave(account, line));
        const giveUp = (): void => {
          held -= 1;
          end(null);
        };
        line.waiting.add(run);
        signal.addEventListener('abort', giveUp, { once: true });
      });
    },
  };
}
