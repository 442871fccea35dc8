import type { StartedJob, WindlassClient } from '../client/index.ts';
import type { CommandContext, CommandInput, CommandResult, OptionSpec } from './command.ts';
import { EXIT, exitOfJob } from './exit-codes.ts';
import { pickOptions } from './read-input.ts';
import { createJobRenderer, createLinesRenderer } from './render/job-renderer.ts';
import { describeInterrupted, showJob } from './show-job.ts';

/** Options of every command that starts a job. */
export const JOB_OPTIONS: readonly OptionSpec[] = [
  { name: 'request-id', value: 'ID', description: 'the same id again starts nothing new' },
  { name: 'no-wait', description: 'return when the job is started, instead of showing it until it ends' },
];

/** `--request-id` in the form of a request. */
export function readRequestId(input: CommandInput): { requestId?: string } {
  return pickOptions(input, { 'request-id': 'requestId' });
}

/** Shows the job until it ends, unless `--no-wait` is given. */
export async function followJob(
  input: CommandInput,
  context: CommandContext,
  client: WindlassClient,
  started: StartedJob,
): Promise<CommandResult> {
  const { jobId, clusterId } = started;
  if (input.options['wait'] === false) {
    return {
      value: started,
      text: `job ${jobId} on cluster ${clusterId}; watch it: windlass job watch ${jobId}`,
    };
  }
  const { io, json } = context;
  // With --json, stdout is for the result alone.
  const renderer = json ? createLinesRenderer(io.stderr) : await createJobRenderer(io, io.stdout, started);
  const shown = await showJob(io, client, started, renderer);
  if (shown === 'interrupted') {
    io.stderr.write(describeInterrupted(jobId));
    return { value: started, exitCode: EXIT.interrupted };
  }
  const { status, error, held } = shown.view;
  const value = {
    clusterId,
    jobId,
    status,
    ...(error === null ? {} : { error }),
    ...(held === null ? {} : { held }),
  };
  return {
    value,
    text: describeEnd(shown.view.action, clusterId, jobId, status),
    exitCode: exitOfJob(status),
  };
}

function describeEnd(action: string, clusterId: string, jobId: string, status: string): string {
  const lines = [`${action} of ${clusterId} is ${status === 'successful' ? 'done' : status}`];
  if (status !== 'successful') {
    lines.push(`  what happened: windlass job describe ${jobId}`);
    lines.push(
      status === 'held'
        ? `  to end it: windlass job cancel ${jobId}`
        : `  to delete it: windlass cluster delete ${clusterId}`,
    );
  } else if (action === 'delete') {
    lines.push(`  to forget it permanently: windlass cluster cease ${clusterId}`);
  } else if (action !== 'cease') {
    lines.push(`  see it: windlass cluster describe ${clusterId}`);
  }
  return lines.join('\n');
}
