/** Ctrl-C and termination signals of a process in the foreground. */
export interface Interrupts {
  /** Aborts with the first signal: end cleanly. */
  readonly first: AbortSignal;
  /** Resolves with the second signal: exit at once. */
  readonly second: Promise<void>;
  release(): void;
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/**
 * npm forwards a signal that the terminal has already sent to the whole group: within this time it is the
 * same keystroke.
 */
const SAME_KEYSTROKE_MS = 700;

/** Handles the process's signals until released. */
export function listenForInterrupts(now: () => number = Date.now): Interrupts {
  const controller = new AbortController();
  let firstAt: number | null = null;
  let resolveSecond: () => void = () => {};
  const second = new Promise<void>((resolve) => (resolveSecond = resolve));
  const listen = (): void => {
    if (firstAt === null) {
      firstAt = now();
      controller.abort();
    } else if (now() - firstAt > SAME_KEYSTROKE_MS) resolveSecond();
  };
  for (const signal of SIGNALS) process.on(signal, listen);
  return {
    first: controller.signal,
    second,
    release() {
      for (const signal of SIGNALS) process.removeListener(signal, listen);
    },
  };
}
