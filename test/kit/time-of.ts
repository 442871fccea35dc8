/** What a run takes, in milliseconds. What should take half a second may take five under load. */
export function timeOf(run: () => unknown): number {
  const start = performance.now();
  run();
  return performance.now() - start;
}
