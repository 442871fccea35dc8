/** Lets every request go at once, as long as somebody wants the answer. */
export function requestFreely(signal: AbortSignal): (count?: number) => Promise<void> {
  return async () => signal.throwIfAborted();
}
