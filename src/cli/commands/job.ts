import type { Command, CommandGroup } from '../command.ts';
import { EXIT, exitOfJob } from '../exit-codes.ts';
import { mayColour } from '../io.ts';
import { readArgument, readCount, readFlag, readOption } from '../read-input.ts';
import { createJobRenderer, createJsonRenderer } from '../render/job-renderer.ts';
import { renderJobTree } from '../render/job-tree.ts';
import { renderTable } from '../render/table.ts';
import { describeInterrupted, showJob } from '../show-job.ts';
import { LIST_OPTIONS, readListOptions } from './list-options.ts';

const JOB = { name: 'job', description: 'id of a job' };

const list: Command = {
  name: 'list',
  summary: 'List the jobs',
  options: [...LIST_OPTIONS, { name: 'cluster', value: 'ID', description: 'those of one cluster' }],
  async run(input, context) {
    const page = readListOptions(input);
    return context.withClient(async (client) => {
      const cluster = readOption(input, 'cluster');
      const clusterId =
        cluster === undefined ? undefined : (await client.clusters.describe(cluster)).clusterId;
      const jobs = await client.jobs.list({
        ...page,
        ...(clusterId === undefined ? {} : { clusterId }),
      });
      const rows = jobs.map((one) => [
        one.jobId,
        one.clusterId,
        one.action,
        one.status,
        one.startedAt,
        one.closedAt ?? '',
        one.requestedBy,
      ]);
      return {
        value: jobs,
        text: renderTable(['ID', 'CLUSTER', 'ACTION', 'STATUS', 'STARTED', 'CLOSED', 'BY'], rows),
      };
    });
  },
};

const watch: Command = {
  name: 'watch',
  summary: 'Show a job live until it ends or is held; after Ctrl-C the job continues',
  arguments: [JOB],
  run: (input, context) =>
    context.withClient(async (client) => {
      const jobId = readArgument(input, 0);
      const { io, json } = context;
      const job = { jobId, clusterId: '' };
      const renderer = json ? createJsonRenderer(io.stdout) : await createJobRenderer(io, io.stdout, job);
      const shown = await showJob(io, client, { jobId }, renderer);
      if (shown !== 'interrupted') return { exitCode: exitOfJob(shown.view.status) };
      io.stderr.write(describeInterrupted(jobId));
      return { exitCode: EXIT.interrupted };
    }),
};

const describe: Command = {
  name: 'describe',
  summary: 'Show a job with its layers and tasks',
  arguments: [JOB],
  options: [
    { name: 'layer', value: 'N', description: 'all tasks of one layer (counted from 0), in a large job' },
  ],
  async run(input, context) {
    const layer = readCount(input, 'layer');
    return context.withClient(async (client) => {
      const view = await client.jobs.describe(readArgument(input, 0), layer === undefined ? {} : { layer });
      const { stdout, env } = context.io;
      const text = renderJobTree(view, {
        width: stdout.isTerminal ? stdout.columns : Number.POSITIVE_INFINITY,
        colour: mayColour(stdout, env),
        now: context.io.now().toISOString(),
        expandAll: true,
      });
      return { value: view, text };
    });
  },
};

const cancel: Command = {
  name: 'cancel',
  changes: true,
  summary: 'End a job at its next safe point; what it created is kept',
  arguments: [JOB],
  run: (input, context) =>
    context.withClient(async (client) => {
      const job = await client.jobs.cancel(readArgument(input, 0));
      const when = job.waitsForWorker
        ? 'is asked to end: no worker answers now, and the next one that runs ends it'
        : 'ends at its next safe point';
      const text = `job ${job.jobId} (${job.action} of ${job.clusterId}) ${when}; what it created is kept`;
      return { value: job, text };
    }),
};

const history: Command = {
  name: 'history',
  summary: "Print a job's history, as `npm run replay` reads it",
  arguments: [JOB],
  options: [{ name: 'children', description: 'an array: the histories of all its runs and slices' }],
  examples: ['windlass job history j-… > history.json'],
  run: (input, context) =>
    context.withClient(async (client) => {
      const children = readFlag(input, 'children');
      const histories = await client.jobs.history(readArgument(input, 0), { children });
      const value = children ? histories : histories[0]?.history;
      return { value, text: JSON.stringify(value, null, 2) };
    }),
};

/** `windlass job …` */
export const JOB_COMMANDS: CommandGroup = {
  name: 'job',
  summary: 'Changes to clusters: past and running',
  commands: [list, watch, describe, cancel, history],
};
