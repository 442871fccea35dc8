import type { StartedJob, WindlassClient } from '../../client/index.ts';
import { WindlassError, type RoleSize } from '../../domain/index.ts';
import type { Command, CommandInput, OptionSpec } from '../command.ts';
import { followJob, JOB_OPTIONS, readRequestId } from '../follow-job.ts';
import {
  readArgument,
  readConf,
  readCount,
  readFlag,
  readList,
  readNumber,
  readOption,
  readSettings,
} from '../read-input.ts';
import { CHART_OPTIONS, readChartSource } from './chart-source.ts';

export const CLUSTER = { name: 'cluster', description: 'id of a cluster, or its name' };

const ROLE: OptionSpec = {
  name: 'role',
  value: 'ROLE',
  description: 'the role of the nodes; absent if the application has no roles',
};
const CONF_OPTIONS: readonly OptionSpec[] = [
  { name: 'conf', value: 'FILE', description: 'JSON with the changed values; - for standard input' },
  {
    name: 'set',
    value: 'KEY=VALUE',
    description: 'one value of the form; overrides --conf. No secrets: they go into --conf, or are asked for',
    repeated: true,
  },
];

/** A command that starts a job on an existing cluster and shows it until it ends. */
function createJobCommand(
  name: string,
  summary: string,
  start: (client: WindlassClient, cluster: string, input: CommandInput) => Promise<StartedJob>,
  more: Pick<Command, 'options' | 'examples'> = {},
): Command {
  return {
    name,
    changes: true,
    summary,
    arguments: [CLUSTER],
    options: [...(more.options ?? []), ...JOB_OPTIONS],
    ...(more.examples === undefined ? {} : { examples: more.examples }),
    run: (input, context) =>
      context.withClient(async (client) =>
        followJob(input, context, client, await start(client, readArgument(input, 0), input)),
      ),
  };
}

const stop = createJobCommand('stop', 'Stop a cluster; its data is kept', (client, cluster, input) =>
  client.clusters.stop(cluster, readRequestId(input)),
);

const start = createJobCommand('start', 'Start a stopped cluster', (client, cluster, input) =>
  client.clusters.start(cluster, readRequestId(input)),
);

const remove = createJobCommand(
  'delete',
  'Delete a cluster with everything that was created for it',
  (client, cluster, input) =>
    client.clusters.delete(cluster, { ...readRequestId(input), force: readFlag(input, 'force') }),
  {
    options: [
      { name: 'force', description: 'continue although the application refuses, if its package allows that' },
    ],
  },
);

const upgrade: Command = {
  name: 'upgrade',
  changes: true,
  summary: 'Bring a cluster to another version of its application',
  arguments: [CLUSTER],
  options: [
    {
      name: 'app',
      value: 'PATH|VERSION',
      description:
        'a folder (with a /), a version id, the app name for its newest version, or a chart as app register takes it',
      required: true,
    },
    ...CHART_OPTIONS,
    ...CONF_OPTIONS,
    ...JOB_OPTIONS,
  ],
  examples: ['windlass cluster upgrade shop --app ./shop-2.0.0'],
  async run(input, context) {
    const change = await readChange(input, context.io);
    const source = await readChartSource(input, context);
    const request = {
      app: readOption(input, 'app') ?? '',
      ...(Object.keys(source).length === 0 ? {} : { source }),
      ...change,
      ...readRequestId(input),
    };
    return context.withClient(async (client) =>
      followJob(input, context, client, await client.clusters.upgrade(readArgument(input, 0), request)),
    );
  },
};

const rollback = createJobCommand(
  'rollback',
  'Undo the last upgrade of a cluster',
  (client, cluster, input) => client.clusters.rollback(cluster, readRequestId(input)),
);

const update: Command = {
  name: 'update',
  changes: true,
  summary: 'Change values of the form of a cluster',
  arguments: [CLUSTER],
  options: [...CONF_OPTIONS, ...JOB_OPTIONS],
  examples: ['windlass cluster update shop --set image.tag=1.4'],
  async run(input, context) {
    const request = { ...(await readChange(input, context.io)), ...readRequestId(input) };
    return context.withClient(async (client) =>
      followJob(input, context, client, await client.clusters.updateEnv(readArgument(input, 0), request)),
    );
  },
};

const scale: Command = {
  name: 'scale',
  changes: true,
  summary: 'Add nodes to a role, or remove some',
  arguments: [CLUSTER],
  options: [
    ROLE,
    { name: 'count', value: 'N', description: 'how many nodes the role shall have' },
    { name: 'add', value: 'N', description: 'how many more' },
    { name: 'remove', value: 'N', description: 'how many fewer, the last ones first' },
    { name: 'node', value: 'NODE', description: 'remove this node', repeated: true },
    ...JOB_OPTIONS,
  ],
  examples: [
    'windlass cluster scale shop --role web --count 5',
    'windlass cluster scale shop --role web --remove 1',
  ],
  run: (input, context) =>
    context.withClient(async (client) => {
      const cluster = readArgument(input, 0);
      const change = await readScale(input, client, cluster);
      if (change === null) {
        const { clusterId } = await client.clusters.describe(cluster);
        return {
          value: { clusterId, jobId: null, status: 'successful' },
          text: `${clusterId} has that many nodes already: nothing to do`,
        };
      }
      return followJob(input, context, client, await change());
    }),
};

const resize = createJobCommand(
  'resize',
  'Change the size of the nodes of a role',
  (client, cluster, input) =>
    client.clusters.resize(cluster, { ...readRequestId(input), sizes: [readSize(input)] }),
  {
    options: [
      ROLE,
      { name: 'cpu', value: 'N', description: 'CPUs; a fraction if the provider supports one' },
      { name: 'memory-mib', value: 'N', description: 'memory' },
      { name: 'cpu-limit', value: 'N', description: 'upper limit, if the provider supports one' },
      { name: 'memory-limit-mib', value: 'N', description: 'upper limit, if the provider supports one' },
      { name: 'instance-class', value: 'N', description: 'the class number of the package' },
      { name: 'volume-gib', value: 'N', description: 'size of each volume; volumes can only grow' },
    ],
    examples: ['windlass cluster resize shop --role web --cpu 0.5 --memory-mib 512'],
  },
);

const restart = createJobCommand(
  'restart',
  'Restart the nodes of a cluster',
  (client, cluster, input) => {
    const roles = readList(input, 'role');
    return client.clusters.restart(cluster, {
      ...readRequestId(input),
      ...(roles.length === 0 ? {} : { roles }),
    });
  },
  { options: [{ name: 'role', value: 'ROLE', description: 'only this role', repeated: true }] },
);

const recover = createJobCommand(
  'recover',
  'Bring a failed or deleted cluster back: create what is missing',
  (client, cluster, input) => client.clusters.recover(cluster, readRequestId(input)),
);

const cease = createJobCommand('cease', 'Forget a deleted cluster permanently', (client, cluster, input) =>
  client.clusters.cease(cluster, readRequestId(input)),
);

/** Every command that changes an existing cluster. */
export const CLUSTER_CHANGES: readonly Command[] = [
  stop,
  start,
  remove,
  upgrade,
  rollback,
  update,
  scale,
  resize,
  restart,
  recover,
  cease,
];

async function readChange(input: CommandInput, io: Parameters<typeof readConf>[0]) {
  const conf = await readConf(io, input);
  return { settings: readSettings(input), ...(conf === undefined ? {} : { conf }) };
}

/** Starts the job; null if the role already has as many nodes as requested. */
async function readScale(
  input: CommandInput,
  client: WindlassClient,
  cluster: string,
): Promise<(() => Promise<StartedJob>) | null> {
  const role = readOption(input, 'role');
  const request = { ...readRequestId(input), ...(role === undefined ? {} : { role }) };
  const nodeIds = readList(input, 'node');
  const given = ['count', 'add', 'remove'].filter((name) => readOption(input, name) !== undefined);
  if (given.length + (nodeIds.length === 0 ? 0 : 1) !== 1) throw oneOf();
  if (nodeIds.length > 0) {
    return () => client.clusters.deleteNodes(cluster, { ...readRequestId(input), nodeIds });
  }
  const add = (count: number) => () => client.clusters.addNodes(cluster, { ...request, count });
  const remove = (count: number) => () => client.clusters.deleteNodes(cluster, { ...request, count });
  const [way = ''] = given;
  const number = readCount(input, way) ?? 0;
  if (way === 'add') return add(number);
  if (way === 'remove') return remove(number);
  const { nodes } = await client.clusters.describe(cluster);
  const has = nodes.filter((node) => node.role === (role ?? '') && node.status !== 'deleted').length;
  if (number === has) return null;
  return number > has ? add(number - has) : remove(has - number);
}

function readSize(input: CommandInput): RoleSize {
  const fields = {
    cpu: readNumber(input, 'cpu'),
    memoryMiB: readNumber(input, 'memory-mib'),
    cpuLimit: readNumber(input, 'cpu-limit'),
    memoryLimitMiB: readNumber(input, 'memory-limit-mib'),
    instanceClass: readNumber(input, 'instance-class'),
    volumeSizeGiB: readNumber(input, 'volume-gib'),
  };
  const given = Object.entries(fields).filter((entry) => entry[1] !== undefined);
  return { role: readOption(input, 'role') ?? '', ...Object.fromEntries(given) };
}

function oneOf(): WindlassError {
  return new WindlassError('invalid-input', 'say how the role shall change, in one way', {
    code: 'BAD_OPTION',
    field: 'count',
    hint: 'one of --count N, --add N, --remove N, --node NODE',
  });
}
