import { WindlassError } from '../domain/index.ts';
import type { JobView } from '../protocol/index.ts';
import type { JobsClient, WaitOptions } from './windlass-client.ts';

/**
 * Watches a job until it closes or is held, then returns its stored view. A held job waits for a person,
 * which could take days.
 *
 * @throws timeout `JOB_WAIT_TIMEOUT`, cancelled `WAIT_ABORTED`; the job continues in both cases.
 */
export async function waitForJob(
  jobs: Pick<JobsClient, 'watch' | 'describe'>,
  jobId: string,
  options: WaitOptions,
): Promise<JobView> {
  const { timeoutMs, onEvent, signal, ...watch } = options;
  const deadline = timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs);
  const signals = [signal, deadline].filter((one) => one !== undefined);
  let ended = false;
  for await (const event of jobs.watch(jobId, { ...watch, signal: AbortSignal.any(signals) })) {
    onEvent?.(event);
    ended = event.event === 'job-ended' || event.event === 'job-held';
    if (ended) break;
  }
  if (ended) return jobs.describe(jobId, watch.clusterId === undefined ? {} : { clusterId: watch.clusterId });
  const hint = `watch it again: windlass job watch ${jobId}`;
  if (signal?.aborted !== true && deadline?.aborted === true) {
    const message = `job ${jobId} was not closed within ${(timeoutMs ?? 0) / 1000} s; it continues`;
    throw new WindlassError('timeout', message, { code: 'JOB_WAIT_TIMEOUT', hint });
  }
  throw new WindlassError('cancelled', `no longer waiting for job ${jobId}; it continues`, {
    code: 'WAIT_ABORTED',
    hint,
  });
}
