import type { Conf } from '../../../src/domain/index.ts';
import { type HostileInput, type HostileTarget, toFiles } from '../input.ts';

type Json = Readonly<Record<string, unknown>>;

/** A sound package, so that one thing at a time can be wrong in it. */
export function buildPackage(change: {
  readonly items?: readonly Json[];
  readonly role?: Json;
  readonly cluster?: Json;
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  /** In the place of the role's number of nodes, e.g. a placeholder. */
  readonly count?: string;
}): Readonly<Record<string, string | Uint8Array>> {
  const items: readonly Json[] = [
    { key: 'password', type: 'password', required: 'yes' },
    { key: 'text', type: 'string', default: '', required: 'no' },
    ...(change.items ?? []),
  ];
  const form = {
    type: 'array',
    properties: [
      {
        key: 'cluster',
        type: 'array',
        label: 'Cluster',
        description: 'Cluster',
        properties: [
          { key: 'name', type: 'string', default: 'hostile', required: 'no' },
          { key: 'count', type: 'integer', default: 1, required: 'no' },
        ].map(withWords),
      },
      { key: 'env', type: 'array', label: 'Env', description: 'Env', properties: items.map(withWords) },
    ],
  };
  const role = {
    role: 'node',
    container: { type: 'kvm', image: 'img-x' },
    count: 1,
    cpu: 1,
    memory: 1024,
    services: { start: { cmd: 'true' }, stop: { cmd: 'true' } },
    ...change.role,
  };
  const cluster = { name: 'hostile', description: '', vxnet: '', nodes: [role], ...change.cluster };
  return {
    'config.json': JSON.stringify(form),
    'cluster.json.mustache':
      change.count === undefined
        ? JSON.stringify(cluster)
        : JSON.stringify(cluster).replace('"count":1', `"count":${change.count}`),
    'package.json': JSON.stringify({ name: 'hostile', version: '1.0.0' }),
    ...change.files,
  };
}

function withWords(item: Json): Json {
  return { label: 'x', description: 'x', ...item };
}

const CONF: Conf = { env: { password: 'long-enough-1' } };
const SLOW_TEXT = `${'a'.repeat(40)}!`;

interface BadPackage {
  readonly why: string;
  readonly files: Readonly<Record<string, string | Uint8Array>>;
  readonly conf?: Conf;
  readonly outcome?: HostileInput['outcome'];
}

const deep = (depth: number, open: string, close: string): string => open.repeat(depth) + close.repeat(depth);
const withPattern = (pattern: string, text = SLOW_TEXT): Pick<BadPackage, 'files' | 'conf'> => ({
  files: buildPackage({ items: [{ key: 'slow', type: 'string', pattern, required: 'no' }] }),
  conf: { env: { password: 'long-enough-1', slow: text } },
});

const PACKAGES: readonly BadPackage[] = [
  ...[
    '^(a+)+$',
    '^(a|a)*$',
    '^(a|aa)+$',
    '(a*)*b',
    '^([a-z]+)*$',
    '(x+x+)+y',
    '^(\\w+\\s?)*$',
    '^((a{1,20}){1,20}){1,20}$',
  ].map((pattern) => ({ why: `a form's pattern ${pattern}`, ...withPattern(pattern) })),
  { why: 'a pattern that grows to a huge program', ...withPattern('((a{1,1000}){1,1000}){1,1000}') },
  { why: 'a pattern of 1 MB', ...withPattern('a'.repeat(1_000_000)) },
  { why: 'a pattern with 100,000 groups', ...withPattern(deep(100_000, '(', ')')) },
  { why: 'a pattern that does not compile', ...withPattern('(') },
  ...[2_000_000, 100_000_000, Number.MAX_SAFE_INTEGER, 1e308, -1, 1.5].map((count) => ({
    why: `a count of ${count}`,
    files: buildPackage({ role: { count } }),
  })),
  {
    why: 'a count that the conf makes huge',
    files: buildPackage({ count: '{{cluster.count}}' }),
    conf: { cluster: { count: 2_000_000 }, env: { password: 'long-enough-1' } },
  },
  {
    why: 'replicas that multiply the count',
    files: buildPackage({ role: { count: 900, replica: 900 } }),
  },
  {
    why: '20,000 roles',
    files: buildPackage({
      cluster: {
        nodes: Array.from({ length: 20_000 }, (_, index) => ({
          role: `r${index}`,
          container: { type: 'kvm', image: 'i' },
          count: 1,
          cpu: 1,
          memory: 1024,
          services: {},
        })),
      },
    }),
  },
  {
    why: '20,000 form items',
    files: buildPackage({
      items: Array.from({ length: 20_000 }, (_, index) => ({
        key: `k${index}`,
        type: 'string',
        required: 'no',
      })),
    }),
  },
  {
    why: '50,000 form items with one name',
    files: buildPackage({
      items: Array.from({ length: 50_000 }, () => ({ key: 'same', type: 'string', required: 'no' })),
    }),
  },
  {
    why: 'a range of 200,000 values',
    outcome: 'harmless',
    files: buildPackage({
      items: [
        {
          key: 'r',
          type: 'string',
          range: Array.from({ length: 200_000 }, (_, index) => `v${index}`),
          required: 'no',
        },
      ],
    }),
  },
  {
    why: 'a config.json that is nested 200,000 deep',
    files: { ...buildPackage({}), 'config.json': deep(200_000, '[', ']') },
  },
  {
    why: 'a cluster.json that is nested 200,000 deep',
    files: {
      ...buildPackage({}),
      'cluster.json.mustache': deep(200_000, '{"a":', '}').replace('{"a":}', '{"a":1}'),
    },
  },
  { why: 'a config.json that is no object', files: { ...buildPackage({}), 'config.json': '7' } },
  { why: 'an empty config.json', files: { ...buildPackage({}), 'config.json': '' } },
  {
    why: 'a config.json of NUL bytes',
    files: { ...buildPackage({}), 'config.json': new Uint8Array(100_000) },
  },
  {
    why: 'a config.json that is not UTF-8',
    files: { ...buildPackage({}), 'config.json': new Uint8Array([0x7b, 0xff, 0xfe, 0x7d]) },
  },
  {
    why: '__proto__ as a form key',
    outcome: 'harmless',
    files: {
      ...buildPackage({}),
      'config.json':
        '{"type":"array","properties":[{"key":"__proto__","type":"array","properties":[{"key":"polluted","type":"string","default":"yes","label":"x","description":"x"}],"label":"x","description":"x"}]}',
    },
  },
  {
    why: 'constructor as a role',
    outcome: 'harmless',
    files: buildPackage({ role: { role: 'constructor' } }),
  },
  {
    why: 'a placeholder without its key',
    files: { ...buildPackage({}), 'cluster.json.mustache': '{"name": {{nowhere.at.all}}}' },
  },
  {
    why: '50,000 placeholders',
    files: {
      ...buildPackage({}),
      'cluster.json.mustache': `{"name":"x","nodes":[${'{{env.text}},'.repeat(50_000)}1]}`,
    },
  },
  {
    why: 'an unclosed placeholder of 1 MB',
    files: { ...buildPackage({}), 'cluster.json.mustache': `{{${' '.repeat(1_000_000)}` },
  },
  ...[
    'data',
    '../../etc',
    '/data\nUUID=x / ext4',
    '/da ta',
    '/data\t',
    '/$(id)',
    '/a/../../etc',
    `/${'a'.repeat(5_000)}`,
    '/data\u0000',
  ].map((mountPoint) => ({
    why: `the mount point ${JSON.stringify(mountPoint.slice(0, 30))}`,
    files: buildPackage({ role: { volume: { size: 10, mount_point: mountPoint, filesystem: 'ext4' } } }),
  })),
  ...['defaults\nUUID=x / ext4', 'defaults 0 0', 'a b', '$(id)', "x'y", 'defaults#'].map((options) => ({
    why: `the mount options ${JSON.stringify(options)}`,
    files: buildPackage({
      role: { volume: { size: 10, mount_point: '/data', mount_options: options, filesystem: 'ext4' } },
    }),
  })),
  ...['ext4;id', 'ext4\nid', '-t', '$(id)'].map((filesystem) => ({
    why: `the file system ${JSON.stringify(filesystem)}`,
    files: buildPackage({ role: { volume: { size: 10, mount_point: '/data', filesystem } } }),
  })),
  {
    why: 'a volume of 1e300 GiB',
    files: buildPackage({ role: { volume: { size: 1e300, mount_point: '/data', filesystem: 'ext4' } } }),
  },
  {
    why: 'a link to a cluster that is an object',
    files: buildPackage({ cluster: { links: { zk: { a: 1 } } } }),
  },
  {
    why: 'a health check with a huge interval',
    outcome: 'harmless',
    files: buildPackage({
      cluster: { health_check: { enable: true, interval_sec: 1e308, check_cmd: 'true' } },
    }),
  },
  {
    why: 'a service whose timeout is 1e308',
    outcome: 'harmless',
    files: buildPackage({ role: { services: { start: { cmd: 'true', timeout: 1e308 } } } }),
  },
];

/** With the client, which checks first, and without it. */
export const PACKAGE_INPUTS: readonly HostileInput[] = PACKAGES.flatMap((bad) => {
  const { why, files, conf = CONF, outcome = 'refused' } = bad;
  return [
    {
      name: `package by the client: ${why}`,
      outcome,
      send: ({ client, files: disk }: HostileTarget) =>
        client.clusters.create({ app: disk.writeFolder(files), runtime: 'instant', conf }),
    },
    {
      name: `package past the client: ${why}`,
      outcome,
      send: ({ forge }: HostileTarget) => createPastTheClient(forge, files, conf),
    },
  ];
});

/** No file system takes such a name, so it can only come past the client. */
export const LONG_NAME_INPUT: HostileInput = {
  name: 'package past the client: a file name of 5,000 bytes',
  outcome: 'refused',
  send: ({ forge }) =>
    createPastTheClient(forge, buildPackage({ files: { [`node/${'a'.repeat(5_000)}`]: 'x' } }), CONF),
};

async function createPastTheClient(
  forge: HostileTarget['forge'],
  files: Readonly<Record<string, string | Uint8Array>>,
  conf: Conf,
): Promise<unknown> {
  const registered = (await forge.upload(toFiles(files))) as { readonly versionId: string };
  await forge.requests.describeApp({ version: registered.versionId });
  const stamp = registered.versionId.slice(5, 15);
  return forge.requests.checkCreateCluster({
    clusterId: `cl-${stamp}`,
    jobId: `j-${stamp}`,
    runtime: 'instant',
    versionId: registered.versionId,
    // The password is left out: it is not sealed, which is a fault of its own.
    conf: { ...conf, env: { ...(conf['env'] as Conf), password: undefined } } as unknown as Conf,
  });
}
