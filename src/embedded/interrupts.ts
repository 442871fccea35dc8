/** Ctrl-C and requests to end, as a program in the foreground takes them. */
export interface Interrupts {
  /** Aborts with the first: end cleanly. */
  readonly first: AbortSignal;
  /** Resolves with the second: leave at once. */
  readonly second: Promise<void>;
  release(): void;
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** npm passes on what the terminal has already sent to the whole group: within this time it is the same keystroke. */
const SAME_KEYSTROKE_MS = 700;

/** Takes over the process's signals until released. */
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
