import type { WindlassClient } from '../client/index.ts';
import { WindlassError } from '../domain/index.ts';
import type { JobView } from '../protocol/index.ts';
import type { CliIo } from './io.ts';
import type { JobRenderer } from './render/job-renderer.ts';

/** The job as it ended, or that the user stopped watching it. */
export type ShownJob = { readonly view: JobView } | 'interrupted';

/** Shows a job until it closes. Ctrl-C stops watching it; the job continues. */
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

/** The message for a user who stopped watching. */
export function describeInterrupted(jobId: string): string {
  return `\njob ${jobId} continues; watch it again: windlass job watch ${jobId}\n`;
}
