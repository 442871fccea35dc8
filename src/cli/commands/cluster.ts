import type { CreateClusterRequest, WindlassClient } from '../../client/index.ts';
import { checkName } from '../../domain/index.ts';
import type { ClusterView } from '../../protocol/index.ts';
import type { Command, CommandContext, CommandGroup, CommandInput } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { followJob, JOB_OPTIONS } from '../follow-job.ts';
import { pickOptions, readArgument, readConf, readFlag, readOption, readSettings } from '../read-input.ts';
import { isAppForm, readForm } from '../read-form.ts';
import { renderFields, renderTable } from '../render/table.ts';
import { CHART_OPTIONS, isFetched, readChartSource } from './chart-source.ts';
import { CLUSTER, CLUSTER_CHANGES } from './cluster-changes.ts';
import { LIST_OPTIONS, readListOptions } from './list-options.ts';

const create: Command = {
  name: 'create',
  changes: true,
  summary: 'Create a cluster of an application',
  options: [
    {
      name: 'app',
      value: 'PATH|VERSION',
      description:
        'a folder (with a /), an archive, a version id, an app name, or a chart as app register takes it',
      required: true,
    },
    { name: 'runtime', value: 'RUNTIME', description: 'name or id of the runtime', required: true },
    ...CHART_OPTIONS,
    {
      name: 'name',
      value: 'NAME',
      description:
        'of the cluster, unique while it exists (default: from the conf, or derived from the app’s)',
    },
    {
      name: 'conf',
      value: 'FILE',
      description: "JSON (comments allowed), nested as the app's form is; - for standard input",
    },
    {
      name: 'set',
      value: 'KEY=VALUE',
      description:
        'one value of the form; overrides --conf. No secrets: they go into --conf, or are asked for',
      repeated: true,
    },
    ...JOB_OPTIONS,
  ],
  examples: [
    'windlass cluster create --app ./examples/antietcd --runtime local',
    'windlass cluster create --app antietcd --runtime local --set cluster.member.count=5 --no-wait --json',
    'windlass cluster create --app oci://registry.example/charts/web --version 1.2.3 --runtime prod',
  ],
  async run(input, context) {
    const name = readOption(input, 'name');
    if (name !== undefined) checkName('cluster', name);
    const conf = await readConf(context.io, input);
    const source = await readChartSource(input, context);
    const request = {
      app: readOption(input, 'app') ?? '',
      runtime: readOption(input, 'runtime') ?? '',
      settings: readSettings(input),
      ...pickOptions(input, { name: 'name', 'request-id': 'requestId' }),
      ...(conf === undefined ? {} : { conf }),
      ...(Object.keys(source).length === 0 ? {} : { source }),
    };
    return context.withClient(async (client) => {
      const whole = await completeConf(context, input, client, request);
      if (whole === null) return { exitCode: EXIT.interrupted };
      return followJob(input, context, client, await client.clusters.create(whole));
    });
  },
};

/** Asks for missing values if questions are possible; null if the user cancelled. */
async function completeConf<Request extends CreateClusterRequest>(
  context: CommandContext,
  input: CommandInput,
  client: WindlassClient,
  request: Request,
): Promise<Request | null> {
  const { mayAsk, askForMissing } = await import('../ask-conf.ts');
  // If the conf comes from standard input, there is no terminal for answers.
  if (!mayAsk(context.io, context.json) || readOption(input, 'conf') === '-') return request;
  // A chart that is fetched is read once, by the worker that fetches it.
  if (await isFetched(request.app, request.source ?? {})) return request;
  const form = await readForm(client, request.app);
  // The values of a chart all have defaults, or only its templates know which do not.
  if (form === null || !isAppForm(form)) return request;
  const { applySettings } = await import('../../app-package/index.ts');
  const conf = await askForMissing(
    context.io,
    form,
    applySettings(form, request.conf ?? {}, request.settings ?? {}),
  );
  return conf === null ? null : { ...request, conf, settings: {} };
}

const list: Command = {
  name: 'list',
  summary: 'List the clusters',
  options: [
    ...LIST_OPTIONS,
    { name: 'all', description: 'deleted ones too' },
    {
      name: 'frontgates',
      description: 'also the frontgates, which are created and deleted with the clusters behind them',
    },
  ],
  async run(input, context) {
    const options = {
      ...readListOptions(input),
      includeDeleted: readFlag(input, 'all'),
      includeFrontgates: readFlag(input, 'frontgates'),
    };
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

const metadata: Command = {
  name: 'metadata',
  summary: 'Show the metadata of a cluster’s nodes; secrets are masked',
  arguments: [
    CLUSTER,
    { name: 'path', description: 'of a part of it, as templates name it, e.g. /hosts', optional: true },
  ],
  options: [{ name: 'node', value: 'NODE', description: 'as this node sees it: its id, or its instance' }],
  examples: ['windlass cluster metadata zookeeper', 'windlass cluster metadata zookeeper /env --json'],
  run: (input, context) =>
    context.withClient(async (client) => {
      const path = readArgument(input, 1);
      const shown = await client.clusters.metadata(readArgument(input, 0), {
        ...pickOptions(input, { node: 'node' }),
        ...(path === '' ? {} : { path }),
      });
      return { value: shown, text: typeof shown === 'string' ? shown : JSON.stringify(shown, null, 2) };
    }),
};

/** `windlass cluster …` */
export const CLUSTER_COMMANDS: CommandGroup = {
  name: 'cluster',
  summary: 'Deployed applications; every change is a job',
  commands: [create, list, describe, metadata, ...CLUSTER_CHANGES],
};

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
    ...Object.entries(cluster.reservedIps ?? {}).map(
      ([name, address]) => [`Reserved ${name}`, address] as const,
    ),
    ...listOwed(cluster).map(
      ([action, labels]) => ['Not done', `${action} of ${labels.join(', ')}`] as const,
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

/** By action, in the order of plans: work that no job has done yet. */
function listOwed({ owed = [] }: ClusterView): readonly (readonly [string, readonly string[]])[] {
  return [...new Set(owed.map(({ action }) => action))].map((action) => [
    action,
    owed.filter((task) => task.action === action).map(({ label }) => label),
  ]);
}
