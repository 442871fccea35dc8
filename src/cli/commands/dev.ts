import { WindlassError } from '../../domain/index.ts';
import type { Command } from '../command.ts';
import { readCount, readFlag } from '../read-input.ts';
import { createJobRenderer } from '../render/job-renderer.ts';
import { showJob } from '../show-job.ts';

/** `windlass dev` */
export const DEV_COMMAND: Command = {
  name: 'dev',
  summary: 'Run everything on this machine, in the foreground: servers, database, one worker',
  options: [
    { name: 'example', description: 'create a three-node example cluster and prove that it works' },
    { name: 'once', description: 'end when everything is up and proved' },
    { name: 'port', value: 'PORT', description: "of Temporal's server (default: 7233, or a free one)" },
    { name: 'ui-port', value: 'PORT', description: "of Temporal's Web UI (default: 8233, or a free one)" },
  ],
  async run(input, { io, json }) {
    const { runDev } = await import('../../embedded/index.ts');
    const port = readCount(input, 'port');
    const uiPort = readCount(input, 'ui-port');
    // With --json, stdout is for the result alone.
    const people = json ? io.stderr : io.stdout;
    const exitCode = await runDev(
      {
        example: readFlag(input, 'example'),
        once: readFlag(input, 'once'),
        ...(port === undefined ? {} : { port }),
        ...(uiPort === undefined ? {} : { uiPort }),
      },
      {
        env: io.env,
        report: (line) => people.write(`${line}\n`),
        result: (value) => {
          if (json) io.stdout.write(`${JSON.stringify(value)}\n`);
        },
        async showJob(client, job, signal) {
          const renderer = await createJobRenderer(io, people, job);
          const shown = await showJob(
            { ...io, onInterrupt: (listener) => onAbort(signal, listener) },
            client,
            job,
            renderer,
          );
          if (shown !== 'interrupted') return shown.view;
          throw new WindlassError('cancelled', `no longer showing job ${job.jobId}; it continues`, {
            code: 'WAIT_ABORTED',
          });
        },
      },
    );
    return { exitCode };
  },
};

/** `windlass dev` handles Ctrl-C itself; its signal says when to stop showing a job. */
function onAbort(signal: AbortSignal, listener: () => void): () => void {
  if (signal.aborted) listener();
  signal.addEventListener('abort', listener, { once: true });
  return () => signal.removeEventListener('abort', listener);
}
