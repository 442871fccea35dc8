import type { WindlassClient } from '../client/index.ts';
import { WindlassError } from '../domain/index.ts';
import type { JobView } from '../protocol/index.ts';
import type { CliIo } from './io.ts';
import type { JobRenderer } from './render/job-renderer.ts';

/** The job as it ended, or that the user went away from it. */
export type ShownJob = { readonly view: JobView } | 'interrupted';

/** Shows a job until it closes. Ctrl-C goes away from it; the job goes on. */
export async function showJob(
  io: CliIo,
  client: WindlassClient,
  job: { readonly jobId: string; readonly clusterId?: string },
  renderer: JobRenderer,
): Promise<ShownJob> {
  const away = new AbortController();
  const release = io.onInterrupt(() => away.abort());
  try {
    const view = await client.jobs.wait(job.jobId, {
      signal: away.signal,
      ...(job.clusterId === undefined ? {} : { clusterId: job.clusterId }),
      onView: (view) => renderer.look?.(view),
      onEvent: (event) => renderer.show(event),
    });
    return { view };
  } catch (error) {
    if (away.signal.aborted && WindlassError.isInstance(error) && error.kind === 'cancelled')
      return 'interrupted';
    throw error;
  } finally {
    renderer.end();
    release();
  }
}

/** What is said to those who went away. */
export function describeInterrupted(jobId: string): string {
  return `\njob ${jobId} goes on; take it up again: windlass job watch ${jobId}\n`;
}
