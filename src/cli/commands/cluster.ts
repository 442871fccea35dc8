import type { StartedJob, WindlassClient } from '../../client/index.ts';
import type { ClusterView } from '../../domain/index.ts';
import type {
  Command,
  CommandContext,
  CommandGroup,
  CommandInput,
  CommandResult,
  OptionSpec,
} from '../command.ts';
import { EXIT, exitOfJob } from '../exit-codes.ts';
import { pickOptions, readArgument, readConf, readFlag, readOption, readSettings } from '../read-input.ts';
import { createJobRenderer, createLinesRenderer } from '../render/job-renderer.ts';
import { renderFields, renderTable } from '../render/table.ts';
import { describeInterrupted, showJob } from '../show-job.ts';
import { LIST_OPTIONS, readListOptions } from './list-options.ts';

const CLUSTER = { name: 'cluster', description: 'id of a cluster, or its name' };

const JOB_OPTIONS: readonly OptionSpec[] = [
  { name: 'request-id', value: 'ID', description: 'the same id again starts nothing new' },
  { name: 'no-wait', description: 'return when the job is started, instead of showing it until it ends' },
];

const create: Command = {
  name: 'create',
  summary: 'Make a cluster of an application',
  options: [
    {
      name: 'app',
      value: 'PATH|VERSION',
      description: 'a folder (with a /), an archive, a version id, or an app name',
      required: true,
    },
    { name: 'runtime', value: 'RUNTIME', description: 'name or id of the runtime', required: true },
    { name: 'name', value: 'NAME', description: 'of the cluster (default: from the conf)' },
    { name: 'conf', value: 'FILE', description: "JSON, nested as the app's form is; - for standard input" },
    {
      name: 'set',
      value: 'KEY=VALUE',
      description: 'one value of the form; wins over --conf',
      repeated: true,
    },
    ...JOB_OPTIONS,
  ],
  examples: [
    'windlass cluster create --app ./examples/antietcd --runtime local',
    'windlass cluster create --app antietcd --runtime local --set cluster.member.count=5 --no-wait --json',
  ],
  async run(input, context) {
    const conf = await readConf(context.io, input);
    const request = {
      app: readOption(input, 'app') ?? '',
      runtime: readOption(input, 'runtime') ?? '',
      settings: readSettings(input),
      ...pickOptions(input, { name: 'name', 'request-id': 'requestId' }),
      ...(conf === undefined ? {} : { conf }),
    };
    return context.withClient(async (client) =>
      followJob(input, context, client, await client.clusters.create(request)),
    );
  },
};

const list: Command = {
  name: 'list',
  summary: 'List the clusters',
  options: [...LIST_OPTIONS, { name: 'all', description: 'deleted ones too' }],
  async run(input, context) {
    const options = { ...readListOptions(input), includeDeleted: readFlag(input, 'all') };
    return context.withClient(async (client) => {
      const clusters = await client.clusters.list(options);
      const rows = clusters.map((one) => [
        one.clusterId,
        one.name,
        one.app,
        one.runtime,
        one.transitionStatus ?? one.status,
        String(one.nodeCount),
        one.createdAt,
      ]);
      const header = ['ID', 'NAME', 'APP', 'RUNTIME', 'STATUS', 'NODES', 'CREATED'];
      return { value: clusters, text: renderTable(header, rows) };
    });
  },
};

const describe: Command = {
  name: 'describe',
  summary: 'Show a cluster with its nodes and endpoints',
  arguments: [CLUSTER],
  options: [{ name: 'refresh', description: 'ask the cloud, instead of what is stored' }],
  run: (input, context) =>
    context.withClient(async (client) => {
      const options = readFlag(input, 'refresh') ? { refresh: true } : {};
      const cluster = await client.clusters.describe(readArgument(input, 0), options);
      return { value: cluster, text: renderCluster(cluster) };
    }),
};

/** A command that starts a job on an existing cluster and shows it until it ends. */
function createJobCommand(name: 'stop' | 'start', summary: string): Command {
  return {
    name,
    summary,
    arguments: [CLUSTER],
    options: JOB_OPTIONS,
    run: (input, context) =>
      context.withClient(async (client) =>
        followJob(
          input,
          context,
          client,
          await client.clusters[name](readArgument(input, 0), readRequestId(input)),
        ),
      ),
  };
}

const stop = createJobCommand('stop', 'Stop a cluster; its data is kept');
const start = createJobCommand('start', 'Start a stopped cluster');

const remove: Command = {
  name: 'delete',
  summary: 'Delete a cluster with everything that was made for it',
  arguments: [CLUSTER],
  options: [
    { name: 'force', description: 'go on although the application refuses, where its package allows that' },
    ...JOB_OPTIONS,
  ],
  run: (input, context) =>
    context.withClient(async (client) => {
      const options = { ...readRequestId(input), force: readFlag(input, 'force') };
      return followJob(input, context, client, await client.clusters.delete(readArgument(input, 0), options));
    }),
};

/** `windlass cluster …` */
export const CLUSTER_COMMANDS: CommandGroup = {
  name: 'cluster',
  summary: 'Deployed applications; every change is a job',
  commands: [create, list, describe, stop, start, remove],
};

function readRequestId(input: CommandInput): { requestId?: string } {
  return pickOptions(input, { 'request-id': 'requestId' });
}

/** Shows the job until it ends, unless told not to wait. */
async function followJob(
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
  const { status, error } = shown.view;
  const value = { clusterId, jobId, status, ...(error === null ? {} : { error }) };
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
    lines.push(`  to take it away: windlass cluster delete ${clusterId}`);
  } else if (action !== 'delete') {
    lines.push(`  see it: windlass cluster describe ${clusterId}`);
  }
  return lines.join('\n');
}

function renderCluster(cluster: ClusterView): string {
  const head = renderFields([
    ['ID', cluster.clusterId],
    ['Name', cluster.name],
    ['App', `${cluster.app} (${cluster.versionId})`],
    ['Runtime', cluster.runtime],
    [
      'Status',
      cluster.transitionStatus === null ? cluster.status : `${cluster.status}, ${cluster.transitionStatus}`,
    ],
    ['Created', cluster.createdAt],
    ...cluster.endpoints.map(
      ({ name, protocol, addresses }) => [`Endpoint ${name}`, `${protocol} ${addresses.join(', ')}`] as const,
    ),
    ...cluster.links.map(({ name, clusterId }) => [`Link ${name}`, clusterId] as const),
  ]);
  const rows = cluster.nodes.map((node) => [
    node.nodeId,
    node.role,
    String(node.serverId),
    node.status,
    node.healthStatus,
    node.privateIp,
    node.instanceId,
    node.volumes.map((volume) => `${volume.mountPoint} ${volume.sizeGiB} GiB`).join(', '),
  ]);
  const header = ['NODE', 'ROLE', 'SERVER', 'STATUS', 'HEALTH', 'ADDRESS', 'INSTANCE', 'VOLUMES'];
  return `${head}\n${renderTable(header, rows)}`;
}
