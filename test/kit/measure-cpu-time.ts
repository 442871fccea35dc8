/**
 * The CPU time of a run, in milliseconds: other load on the machine does not count. A run that should take
 * half a second may take five.
 */
export function measureCpuTimeMs(run: () => unknown): number {
  const start = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1_000;
}
