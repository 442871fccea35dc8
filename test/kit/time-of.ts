/**
 * What a run takes of the processor's time, in milliseconds: how busy a machine is with other things
 * does not count. What should take half a second may take five.
 */
export function timeOf(run: () => unknown): number {
  const start = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1_000;
}
