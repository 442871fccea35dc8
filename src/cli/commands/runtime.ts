import type { RuntimeRequest, RuntimeTarget } from '../../client/index.ts';
import { WindlassError } from '../../domain/index.ts';
import type { RuntimeView } from '../../protocol/index.ts';
import type {
  Command,
  CommandContext,
  CommandGroup,
  CommandInput,
  CommandResult,
  OptionSpec,
} from '../command.ts';
import { pickOptions, readArgument, readFileOption, readOption, readSettings } from '../read-input.ts';
import { renderFields, renderTable } from '../render/table.ts';
import { LIST_OPTIONS, readListOptions } from './list-options.ts';

const RUNTIME = { name: 'runtime', description: 'name or id of a runtime' };

const ACCOUNT_OPTIONS: readonly OptionSpec[] = [
  {
    name: 'provider',
    value: 'NAME',
    description: 'aws, qingcloud, kubernetes, local, or one that a worker loads',
  },
  { name: 'zone', value: 'ZONE', description: 'where the clusters live (AWS: an Availability Zone)' },
  { name: 'url', value: 'ENDPOINT', description: "the provider's API (default: the cloud's own)" },
  { name: 'credential', value: 'FILE', description: 'JSON or kubeconfig, - for standard input; sent sealed' },
  { name: 'set', value: 'KEY=VALUE', description: 'a setting of the provider', repeated: true },
];

const REQUIRED = ['provider', 'zone'];

const create: Command = {
  name: 'create',
  changes: true,
  summary: 'Store an account and zone for clusters, after checking its credential',
  arguments: [{ name: 'name', description: 'a name of your choice, unique' }],
  options: [
    ...ACCOUNT_OPTIONS.map((option) =>
      REQUIRED.includes(option.name) ? { ...option, required: true } : option,
    ),
    { name: 'request-id', value: 'ID', description: 'the same id again creates nothing new' },
  ],
  examples: [
    'windlass runtime create local --provider local --zone local-1',
    'windlass runtime create prod --provider aws --zone eu-west-1a --credential aws.json',
  ],
  async run(input, context) {
    const request = await readRequest(input, context, readArgument(input, 0));
    const runtime = await context.withClient((client) => client.runtimes.create(request));
    return { value: runtime, text: `runtime ${runtime.name} (${runtime.runtimeId}) is ready` };
  },
};

const list: Command = {
  name: 'list',
  summary: 'List the runtimes',
  options: LIST_OPTIONS,
  async run(input, context) {
    const page = readListOptions(input);
    return context.withClient(async (client) => {
      const runtimes = await client.runtimes.list(page);
      const rows = runtimes.map((one) => [one.runtimeId, one.name, one.provider, one.zone, one.account]);
      return { value: runtimes, text: renderTable(['ID', 'NAME', 'PROVIDER', 'ZONE', 'ACCOUNT'], rows) };
    });
  },
};

const describe: Command = {
  name: 'describe',
  summary: 'Show a runtime',
  arguments: [RUNTIME],
  run: (input, context) =>
    context.withClient(async (client) => showRuntime(await client.runtimes.describe(readArgument(input, 0)))),
};

const validate: Command = {
  name: 'validate',
  summary: 'Ask the cloud whether a credential is usable: a runtime’s, or one that is not stored yet',
  arguments: [{ ...RUNTIME, optional: true }],
  options: ACCOUNT_OPTIONS,
  async run(input, context) {
    const target = await readTarget(input, context);
    const found = await context.withClient((client) => client.runtimes.validate(target));
    return { value: found, text: `valid: account ${found.account}, region ${found.region}` };
  },
};

const zones: Command = {
  name: 'zones',
  summary: 'List the available zones',
  arguments: [{ ...RUNTIME, optional: true }],
  options: ACCOUNT_OPTIONS,
  async run(input, context) {
    const target = await readTarget(input, context);
    const found = await context.withClient((client) => client.runtimes.zones(target));
    return { value: found, text: found.map((zone) => `${zone}\n`).join('') };
  },
};

const subnets: Command = {
  name: 'subnets',
  summary: 'List the subnets for clusters of a runtime',
  arguments: [RUNTIME],
  run: (input, context) =>
    context.withClient(async (client) => {
      const found = await client.runtimes.subnets(readArgument(input, 0));
      const rows = found.map((one) => [
        one.subnetId,
        one.name,
        one.vpcId,
        one.zone,
        one.cidr,
        String(one.freeAddresses),
      ]);
      return { value: found, text: renderTable(['ID', 'NAME', 'VPC', 'ZONE', 'CIDR', 'FREE'], rows) };
    }),
};

const vpc: Command = {
  name: 'vpc',
  summary: 'Show a VPC of a runtime',
  arguments: [RUNTIME, { name: 'vpc', description: 'id of the VPC' }],
  run: (input, context) =>
    context.withClient(async (client) => {
      const found = await client.runtimes.vpc(readArgument(input, 0), readArgument(input, 1));
      const { vpcId, name, cidr, status, subnetIds } = found;
      const fields = [
        ['ID', vpcId],
        ['Name', name],
        ['CIDR', cidr],
        ['Status', status],
      ] as const;
      return { value: found, text: renderFields([...fields, ['Subnets', subnetIds.join(', ')]]) };
    }),
};

const update: Command = {
  name: 'update',
  changes: true,
  summary: 'Change a runtime, after checking the result',
  arguments: [RUNTIME],
  options: ACCOUNT_OPTIONS.filter((option) => option.name !== 'provider'),
  async run(input, context) {
    const settings = readSettings(input);
    const credential = await readFileOption(context.io, input, 'credential');
    const change = {
      ...pickOptions(input, { zone: 'zone', url: 'url' }),
      ...(Object.keys(settings).length === 0 ? {} : { settings }),
      ...(credential === undefined ? {} : { credential }),
    };
    if (Object.keys(change).length === 0) {
      throw new WindlassError('invalid-input', 'no change was given', {
        code: 'USAGE',
        hint: 'give --zone, --url, --credential or --set',
      });
    }
    return context.withClient(async (client) =>
      showRuntime(await client.runtimes.update(readArgument(input, 0), change)),
    );
  },
};

const remove: Command = {
  name: 'delete',
  changes: true,
  summary: 'Forget a runtime that no cluster uses',
  arguments: [RUNTIME],
  run: (input, context) =>
    context.withClient(async (client) => {
      const runtime = await client.runtimes.delete(readArgument(input, 0));
      return { value: runtime, text: `runtime ${runtime.name} (${runtime.runtimeId}) is deleted` };
    }),
};

/** `windlass runtime …` */
export const RUNTIME_COMMANDS: CommandGroup = {
  name: 'runtime',
  summary: 'Accounts and zones where clusters live',
  commands: [create, list, describe, validate, zones, subnets, vpc, update, remove],
};

async function readRequest(
  input: CommandInput,
  context: CommandContext,
  name: string,
): Promise<RuntimeRequest> {
  const credential = await readFileOption(context.io, input, 'credential');
  return {
    name,
    provider: readOption(input, 'provider') ?? '',
    zone: readOption(input, 'zone') ?? '',
    settings: readSettings(input),
    ...pickOptions(input, { url: 'url', 'request-id': 'requestId' }),
    ...(credential === undefined ? {} : { credential }),
  };
}

/** A stored runtime, or with `--provider` one that is only checked. */
async function readTarget(input: CommandInput, context: CommandContext): Promise<RuntimeTarget> {
  const runtime = readArgument(input, 0);
  if (runtime !== '') return runtime;
  if (readOption(input, 'provider') !== undefined) return readRequest(input, context, 'new');
  throw new WindlassError('invalid-input', 'neither a runtime nor --provider was given', {
    code: 'USAGE',
    hint: 'name a stored runtime, or give --provider with --credential',
  });
}

function showRuntime(runtime: RuntimeView): CommandResult {
  const { runtimeId, name, provider, url, zone, account, region, createdAt, settings } = runtime;
  const text = renderFields([
    ['ID', runtimeId],
    ['Name', name],
    ['Provider', provider],
    ['URL', url],
    ['Zone', zone],
    ['Account', account],
    ['Region', region],
    ['Created', createdAt],
    ...Object.entries(settings).map(([key, value]) => [`Setting ${key}`, value] as const),
  ]);
  return { value: runtime, text };
}
