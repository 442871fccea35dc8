import fc from 'fast-check';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { parse, stringify } from 'yaml';
import { MAX_CREDENTIAL_BYTES, WindlassError, type Credential } from '../../../../src/domain/index.ts';
import {
  ALLOW_NOTHING,
  readAccess,
  type CredentialPolicy,
} from '../../../../src/providers/kubernetes/api/credential.ts';
import type { KubeAccess } from '../../../../src/providers/kubernetes/api/kube-access.ts';
import {
  KUBE_TOKEN,
  kubeconfigOf,
  makeKeyAndCertificate,
  toBase64,
  type KeyAndCertificate,
  type KubeconfigParts,
} from './kubeconfig-kit.ts';

let pair: KeyAndCertificate;
beforeAll(() => {
  pair = makeKeyAndCertificate();
});
afterEach(() => vi.unstubAllEnvs());

const ALLOW_AWS: CredentialPolicy = { ...ALLOW_NOTHING, allowedExec: ['aws', 'aws-iam-authenticator'] };

function read(
  credential: Credential,
  url = '',
  policy: CredentialPolicy = ALLOW_NOTHING,
): Promise<KubeAccess> {
  return readAccess({ url, credential }, policy);
}

function readDocument(document: unknown, policy?: CredentialPolicy): Promise<KubeAccess> {
  return read({ document: typeof document === 'string' ? document : JSON.stringify(document) }, '', policy);
}

async function refusal(opened: Promise<unknown>): Promise<WindlassError> {
  const error: unknown = await opened.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!WindlassError.isInstance(error)) throw new Error(`not refused, but: ${String(error)}`);
  expect(JSON.stringify(error.toInfo()) + String(error.cause)).not.toContain('planted');
  return error;
}

const KEYS = [
  { name: 'AWS_ACCESS_KEY_ID', value: 'AKIAPLANTED' },
  { name: 'AWS_SECRET_ACCESS_KEY', value: 'planted/secret+key' },
];

function execUser(change: object = {}): object {
  return {
    exec: {
      apiVersion: 'client.authentication.k8s.io/v1beta1',
      command: 'aws',
      args: ['--region', 'eu-central-1', 'eks', 'get-token', '--cluster-name', 'shop', '--output', 'json'],
      env: KEYS,
      interactiveMode: 'IfAvailable',
      provideClusterInfo: false,
      ...change,
    },
  };
}

describe('a kubeconfig', () => {
  it('gives its address, CA, names and token, and nothing else', async () => {
    const { certificate } = pair;
    const document = kubeconfigOf({
      cluster: {
        'certificate-authority-data': toBase64(`# a comment\n${certificate}`),
        'tls-server-name': 'kube.internal',
        'insecure-skip-tls-verify': false,
        extensions: [{ name: 'minikube', extension: { provider: 'x' } }],
      },
      context: { namespace: 'shop' },
      moreUsers: [{ name: 'other', user: null }],
    });
    for (const text of [JSON.stringify(document), stringify(document)]) {
      expect(await readDocument(text)).toEqual({
        server: new URL('https://kube.example:6443'),
        certificateAuthority: certificate,
        tlsServerName: 'kube.internal',
        namespace: 'shop',
        identity: { kind: 'given', token: KUBE_TOKEN, certificate: null },
      });
    }
  });

  it('may hold a client certificate, and be used at another address', async () => {
    const { key, certificate } = pair;
    const user = { 'client-certificate-data': toBase64(certificate), 'client-key-data': toBase64(key) };
    const document = JSON.stringify(kubeconfigOf({ user }));
    const access = await read({ document }, 'https://other.example');
    expect(access.server.href).toBe('https://other.example/');
    expect(access.identity).toEqual({ kind: 'given', token: null, certificate: { certificate, key } });
  });

  const fileInEveryEntry = ['token-file', 'tokenFile', 'client-certificate', 'client-key'].flatMap(
    (name): [string, string, KubeconfigParts][] => [
      [`that names a file (${name})`, name, { user: { [name]: '/etc/planted' } }],
      [
        `that names one beside a token (${name})`,
        name,
        { user: { token: KUBE_TOKEN, [name]: '/etc/planted' } },
      ],
      [
        `that names one in a user that is not used (${name})`,
        name,
        { moreUsers: [{ name: 'other', user: { [name]: '/etc/planted' } }] },
      ],
    ],
  );

  it.each<[string, string, KubeconfigParts]>([
    ...fileInEveryEntry,
    [
      'that names a CA file',
      'certificate-authority',
      { cluster: { 'certificate-authority': '/etc/planted' } },
    ],
    [
      'that names a CA file in another cluster',
      'certificate-authority',
      { moreClusters: [{ name: 'x', cluster: { 'certificate-authority': '/etc/planted' } }] },
    ],
    ['that turns TLS off', 'insecure-skip-tls-verify', { cluster: { 'insecure-skip-tls-verify': true } }],
    [
      'that turns TLS off by a text',
      'insecure-skip-tls-verify',
      { cluster: { 'insecure-skip-tls-verify': 'yes' } },
    ],
    [
      'that turns TLS off by a number',
      'insecure-skip-tls-verify',
      { cluster: { 'insecure-skip-tls-verify': 1 } },
    ],
    ['with a proxy', 'proxy-url', { cluster: { 'proxy-url': 'http://planted.example:3128' } }],
    ['with a proxy that is a socket', 'proxy-url', { cluster: { 'proxy-url': 'socks5://127.0.0.1:1' } }],
    ['with an auth-provider', 'auth-provider', { user: { 'auth-provider': { name: 'gcp', config: {} } } }],
    ['with a password', 'password', { user: { username: 'me', password: 'planted' } }],
    ['that asks as another', 'as', { user: { token: KUBE_TOKEN, as: 'planted' } }],
    ['with a field in capitals', 'not known', { user: { token: KUBE_TOKEN, TOKENFILE: '/etc/planted' } }],
    ['with the library’s own name', 'not known', { user: { token: KUBE_TOKEN, certFile: '/etc/planted' } }],
    ['with the library’s own name of a CA', 'not known', { cluster: { caFile: '/etc/planted' } }],
    ['with the library’s own name for no TLS', 'not known', { cluster: { skipTLSVerify: true } }],
    ['with an unknown field of the root', 'not known', { root: { 'planted-users': [] } }],
    ['with a merge key', 'not known', { user: { '<<': { tokenFile: '/etc/planted' } } }],
    ['with a prototype', 'not known', { user: JSON.parse('{"__proto__": {"token": "planted"}}') as object }],
    ['whose context is not there', 'current-context', { root: { 'current-context': 'absent' } }],
    ['whose user is not there', 'has no cluster or no user', { context: { user: 'absent' } }],
    ['whose user has no name and no token', 'no token', { user: {} }],
    ['with the same user twice', 'another one', { moreUsers: [{ name: 'u', user: { token: 'planted' } }] }],
    ['at a plain address', 'https://', { cluster: { server: 'http://kube.example' } }],
    ['at a plain address of this machine', 'https://', { cluster: { server: 'http://127.0.0.1:8080' } }],
    [
      'with a password in its address',
      'user or a password',
      { cluster: { server: 'https://u:planted@kube.example' } },
    ],
    ['at a metadata service', 'clouds', { cluster: { server: 'https://169.254.169.254' } }],
    ['at a socket', 'https', { cluster: { server: 'unix:///var/run/planted.sock' } }],
    [
      'with a plain address in another cluster',
      'https://',
      { moreClusters: [{ name: 'x', cluster: { server: 'http://x' } }] },
    ],
    ['with a token of two lines', 'token', { user: { token: 'planted\r\nX-Other: planted' } }],
    ['with a token that is a number', 'not a string', { user: { token: 12345 } }],
    ['with a token that is a list', 'not a string', { user: { token: ['planted'] } }],
    [
      'with a CA that is none',
      'certificates',
      { cluster: { 'certificate-authority-data': toBase64('planted') } },
    ],
    [
      'with a CA that is no base64',
      'certificates',
      { cluster: { 'certificate-authority-data': '/etc/planted.crt' } },
    ],
    [
      'with a name of the server that is an option',
      'tls-server-name',
      { cluster: { 'tls-server-name': '-planted' } },
    ],
    ['with a namespace that is a path', 'namespace', { context: { namespace: '../planted' } }],
    [
      'with a certificate without a key',
      'client certificate',
      { user: { 'client-certificate-data': 'AAAA' } },
    ],
  ])('is refused %s', async (_, said, parts) => {
    for (const text of [JSON.stringify(kubeconfigOf(parts)), stringify(kubeconfigOf(parts))]) {
      const error = await refusal(readDocument(text, ALLOW_AWS));
      expect(error).toMatchObject({
        kind: 'invalid-input',
        code: 'KUBERNETES_CREDENTIAL',
        field: 'credential',
      });
      expect(error.message).toContain(said);
    }
  });

  const plain = stringify(kubeconfigOf());
  it.each<[string, string]>([
    ['nothing', ''],
    ['what is no YAML', '{planted'],
    ['a text', 'planted'],
    ['a list', '[]'],
    ['two documents', `${plain}---\n${plain}`],
    ['a document after an end', `${plain}...\n---\n{}\n`],
    ['a key twice', plain.replace('kind: Config', 'kind: Config\nkind: Config')],
    ['users twice, as two parsers read differently', `${plain}users: []\n`],
    ['a JSON document with a key twice', JSON.stringify(kubeconfigOf()).replace('{', '{"kind":"Config",')],
    ['a directive', `%YAML 1.1\n---\n${plain}`],
    ['an anchor', plain.replace('token: planted', 'token: &a planted')],
    [
      'an alias',
      plain.replace('kind: Config', 'kind: &k Config').replace('preferences: {}', 'preferences: *k'),
    ],
    ['a tag', plain.replace('token: planted', 'token: !!str planted')],
    ['a tag of its own', plain.replace('token: planted', 'token: !file planted')],
    ['a merge', `x: &x {token: planted}\n${plain.replace('token: planted-token-91', '<<: *x')}`],
    ['too much', `${plain}# ${'x'.repeat(MAX_CREDENTIAL_BYTES)}\n`],
    ['nesting without end', `{"users": ${'['.repeat(15_000)}${']'.repeat(15_000)}}`],
    ['nesting of lists on one line', `users:\n  ${'- '.repeat(15_000)}x\n`],
    ['nesting in a field that is not read', `{"preferences": ${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}}`],
    ['another kind', plain.replace('kind: Config', 'kind: Secret')],
  ])('is refused when it is %s', async (_, document) => {
    const began = Date.now();
    expect(await refusal(readDocument(document))).toMatchObject({ code: 'KUBERNETES_CREDENTIAL' });
    expect(Date.now() - began).toBeLessThan(5_000);
  });

  it('is refused within a moment when its aliases would unfold to billions', async () => {
    const lines = ['a0: &a0 [planted, planted]'];
    for (let index = 1; index < 30; index += 1) {
      lines.push(`a${index}: &a${index} [${Array.from({ length: 9 }, () => `*a${index - 1}`).join(', ')}]`);
    }
    const began = Date.now();
    await refusal(readDocument(`${plain}${lines.join('\n')}\n`));
    expect(Date.now() - began).toBeLessThan(2_000);
  });

  it('whatever is done to it: refused, or what is taken stands in it as data', async () => {
    const values = fc.oneof(
      fc.constantFrom<unknown>(
        ...[
          '/etc/passwd',
          '',
          'https://other.example',
          'file:///etc/passwd',
          'aws',
          true,
          false,
          null,
          1,
          '\n',
        ],
        ...[{ command: 'sh', args: ['-c', 'id'] }, [], {}, ['x'], { name: 'u', user: { token: 'x' } }],
      ),
      fc.string(),
      fc.jsonValue(),
    );
    const keys = fc.constantFrom(
      ...[
        'token',
        'tokenFile',
        'token-file',
        'client-certificate',
        'client-key',
        'exec',
        'auth-provider',
        'server',
      ],
      ...[
        'certificate-authority',
        'certificate-authority-data',
        'insecure-skip-tls-verify',
        'proxy-url',
        'TOKEN',
      ],
      ...[
        'tls-server-name',
        'cluster',
        'user',
        'name',
        'namespace',
        'as',
        'username',
        'extensions',
        'users',
        '<<',
      ],
      ...['clusters', 'contexts', 'current-context', 'kind', '__proto__', 'constructor'],
    );
    const first = (root: Readonly<Record<string, unknown>>, list: string): Record<string, unknown> => {
      const entries: unknown = root[list];
      const entry: unknown = Array.isArray(entries) ? entries[0] : null;
      return typeof entry === 'object' && entry !== null ? (entry as Record<string, unknown>) : {};
    };
    const places = fc.constantFrom<(root: Readonly<Record<string, unknown>>) => unknown>(
      (root) => root,
      (root) => first(root, 'users')['user'],
      (root) => first(root, 'users'),
      (root) => first(root, 'clusters')['cluster'],
      (root) => first(root, 'clusters'),
      (root) => first(root, 'contexts')['context'],
    );
    const changes = fc.array(fc.tuple(places, keys, values), { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(changes, fc.boolean(), async (all, asYaml) => {
        const root = kubeconfigOf();
        for (const [place, key, value] of all) {
          const target = place(root);
          if (typeof target === 'object' && target !== null) {
            Object.defineProperty(target, key, {
              value,
              enumerable: true,
              configurable: true,
              writable: true,
            });
          }
        }
        const text = asYaml ? stringify(root, { aliasDuplicateObjects: false }) : JSON.stringify(root);
        const access = await readDocument(text).catch((error: unknown) => {
          expect(WindlassError.isInstance(error)).toBe(true);
          return null;
        });
        if (access === null) return;
        const again = parse(text) as {
          readonly users: readonly { readonly user?: { readonly token?: string } }[];
        };
        expect(access.server.protocol).toBe('https:');
        expect(access.identity.kind).toBe('given');
        if (access.identity.kind !== 'given') return;
        const tokens = again.users.map(({ user }) => user?.token?.trim());
        expect(tokens).toContain(access.identity.token);
        expect(text).not.toMatch(/"?(tokenFile|token-file|client-key|client-certificate)"?: ?"?\/etc/);
      }),
      { numRuns: 250 },
    );
  }, 30_000);
});

describe('an exec section', () => {
  const document = (change: object = {}): unknown => kubeconfigOf({ user: execUser(change) });

  it('becomes a call of ours, in one order, with checked values and its own variables alone', async () => {
    const { identity } = await readDocument(document(), ALLOW_AWS);
    expect(identity).toEqual({
      kind: 'exec',
      plugin: {
        command: 'aws',
        args: ['eks', 'get-token', '--cluster-name', 'shop', '--region', 'eu-central-1', '--output', 'json'],
        env: {
          AWS_ACCESS_KEY_ID: 'AKIAPLANTED',
          AWS_SECRET_ACCESS_KEY: 'planted/secret+key',
          AWS_CONFIG_FILE: '/dev/null',
          AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
          AWS_EC2_METADATA_DISABLED: 'true',
          AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'true',
          AWS_PAGER: '',
        },
      },
    });
    const other = await readDocument(
      document({
        command: 'aws-iam-authenticator',
        args: ['token', '-i', 'shop', '-r', 'arn:aws:iam::123456789012:role/ops/deployer'],
      }),
      ALLOW_AWS,
    );
    expect(other.identity).toMatchObject({
      plugin: {
        command: 'aws-iam-authenticator',
        args: ['token', '--cluster-id', 'shop', '--role', 'arn:aws:iam::123456789012:role/ops/deployer'],
      },
    });
  });

  it('is refused as a permission where its program is not allowed, also in a user that is not used', async () => {
    const unused = kubeconfigOf({ moreUsers: [{ name: 'other', user: execUser() }] });
    for (const one of [document(), unused]) {
      expect(await refusal(readDocument(one))).toMatchObject({ kind: 'permission', code: 'KUBERNETES_EXEC' });
    }
  });

  it.each([
    'sh',
    '/usr/bin/aws',
    './aws',
    'aws ',
    'AWS',
    'gke-gcloud-auth-plugin',
    'kubelogin',
    '',
    'constructor',
  ])('is refused for the program %j, though others are allowed', async (command) => {
    const policy = {
      ...ALLOW_AWS,
      allowedExec: [...ALLOW_AWS.allowedExec, 'sh', 'kubelogin', 'constructor'],
    };
    expect(await refusal(readDocument(document({ command }), policy))).toMatchObject({
      kind: 'permission',
      code: 'KUBERNETES_EXEC',
    });
  });

  const good = ['eks', 'get-token', '--cluster-name', 'shop'];
  it.each<[string, readonly string[]]>([
    [
      'another command of the program',
      ['s3api', 'put-object', '--endpoint-url', 'http://127.0.0.1:9103', '--body', '/etc/planted'],
    ],
    ['a call of another service', ['sts', 'get-caller-identity']],
    ['another endpoint', [...good, '--endpoint-url', 'https://planted.example']],
    ['another endpoint with =', [...good, '--endpoint-url=https://planted.example']],
    ['an abbreviated option', [...good, '--endpoint', 'https://planted.example']],
    ['no verification', [...good, '--no-verify-ssl']],
    ['a CA file', [...good, '--ca-bundle', '/etc/planted']],
    ['a profile', [...good, '--profile', 'planted']],
    ['no signature', [...good, '--no-sign-request']],
    ['debugging', [...good, '--debug']],
    ['input from a file', [...good, '--cli-input-json', 'file:///etc/planted']],
    ['a value from a file', ['eks', 'get-token', '--cluster-name', 'file:///etc/planted']],
    ['an option as a value', ['eks', 'get-token', '--cluster-name', '--debug']],
    ['an option as a value with =', ['eks', 'get-token', '--cluster-name=-x']],
    ['an option without a value', [...good, '--region']],
    ['a region that is a host', [...good, '--region', 'planted.example/']],
    ['a region with a user', [...good, '--region', 'x@planted.example']],
    ['an option twice', [...good, '--cluster-name', 'other']],
    [
      'a role by two names',
      [
        ...good,
        '--role',
        'arn:aws:iam::123456789012:role/a',
        '--role-arn',
        'arn:aws:iam::123456789012:role/b',
      ],
    ],
    ['a role that is none', [...good, '--role-arn', 'arn:aws:iam::1:role/x']],
    ['a role with a line break', [...good, '--role-arn', 'arn:aws:iam::123456789012:role/x\ny']],
    ['another output', [...good, '--output', 'text']],
    ['one word more', [...good, 'help']],
    ['one word less', ['eks', '--cluster-name', 'shop']],
    ['words in one', ['eks get-token', '--cluster-name', 'shop']],
    ['the end of options', [...good, '--', 'x']],
    ['no cluster', ['eks', 'get-token']],
    ['an empty cluster', ['eks', 'get-token', '--cluster-name', '']],
    ['a zero byte', ['eks', 'get-token', '--cluster-name', 'shop\0']],
    ['no arguments', []],
  ])('is refused with %s', async (_, args) => {
    expect(await refusal(readDocument(document({ args }), ALLOW_AWS))).toMatchObject({
      kind: 'invalid-input',
      code: 'KUBERNETES_CREDENTIAL',
    });
  });

  it.each<[string, readonly object[]]>([
    ['a configuration file', [...KEYS, { name: 'AWS_CONFIG_FILE', value: '/etc/planted' }]],
    ['a profile', [...KEYS, { name: 'AWS_PROFILE', value: 'planted' }]],
    ['an endpoint', [...KEYS, { name: 'AWS_ENDPOINT_URL', value: 'http://127.0.0.1:1' }]],
    ['an endpoint of one service', [...KEYS, { name: 'AWS_ENDPOINT_URL_STS', value: 'http://127.0.0.1:1' }]],
    ['a proxy', [...KEYS, { name: 'HTTPS_PROXY', value: 'http://127.0.0.1:1' }]],
    ['a PATH', [...KEYS, { name: 'PATH', value: '/tmp' }]],
    ['a HOME', [...KEYS, { name: 'HOME', value: '/root' }]],
    ['a library', [...KEYS, { name: 'LD_PRELOAD', value: '/tmp/planted.so' }]],
    ['options of Python', [...KEYS, { name: 'PYTHONSTARTUP', value: '/tmp/planted.py' }]],
    ['a CA', [...KEYS, { name: 'AWS_CA_BUNDLE', value: '/tmp/planted.pem' }]],
    ['a token file', [...KEYS, { name: 'AWS_WEB_IDENTITY_TOKEN_FILE', value: '/etc/planted' }]],
    ['a name of the prototype', [...KEYS, { name: 'constructor', value: 'x' }]],
    ['a region that is a host', [...KEYS, { name: 'AWS_REGION', value: 'planted.example#' }]],
    ['a key with a line break', [{ name: 'AWS_ACCESS_KEY_ID', value: 'A\nB' }, ...KEYS.slice(1)]],
    ['a variable twice', [...KEYS, ...KEYS]],
    ['no keys, which would be the worker’s own', []],
    ['half of the keys', KEYS.slice(0, 1)],
    ['a value that is no text', [...KEYS, { name: 'AWS_REGION', value: 1 }]],
    ['one field more', [...KEYS, { name: 'AWS_REGION', value: 'eu-west-1', valueFrom: 'x' }]],
  ])('is refused with a variable for %s', async (_, env) => {
    expect(await refusal(readDocument(document({ env }), ALLOW_AWS))).toMatchObject({
      kind: 'invalid-input',
      code: 'KUBERNETES_CREDENTIAL',
    });
  });

  it.each<[string, object]>([
    ['knows the server of the document', { provideClusterInfo: true }],
    ['asks the person at the terminal', { interactiveMode: 'Always' }],
    ['speaks an old version', { apiVersion: 'client.authentication.k8s.io/v1alpha1' }],
    ['has arguments that are no texts', { args: [1] }],
    ['has arguments that are no list', { args: 'eks get-token' }],
    ['has a working directory', { cwd: '/etc' }],
  ])('is refused when it %s', async (_, change) => {
    expect(await refusal(readDocument(document(change), ALLOW_AWS))).toMatchObject({
      code: 'KUBERNETES_CREDENTIAL',
    });
  });

  it('whatever its line: refused, or every word is ours or looks as it must', async () => {
    const word = fc.oneof(
      fc.constantFrom(
        ...[
          'eks',
          'get-token',
          '--cluster-name',
          'shop',
          '--region',
          'eu-west-1',
          '--output',
          'json',
          '--role-arn',
        ],
        ...[
          '--endpoint-url',
          '--profile',
          'file:///etc/passwd',
          '-',
          '--',
          '--region=us-east-1',
          '-i',
          '--debug',
        ],
        ...['--cluster-name=x', 'arn:aws:iam::123456789012:role/x'],
      ),
      fc.string({ maxLength: 8 }),
    );
    const safe =
      /^(eks|get-token|--(cluster-name|region|role-arn|output)|[A-Za-z0-9][A-Za-z0-9_-]*|arn:aws:iam::\d{12}:role\/x)$/;
    await fc.assert(
      fc.asyncProperty(fc.array(word, { maxLength: 9 }), async (args) => {
        const access = await readDocument(document({ args }), ALLOW_AWS).catch((error: unknown) => {
          expect(WindlassError.isInstance(error)).toBe(true);
          return null;
        });
        if (access?.identity.kind !== 'exec') return;
        for (const one of access.identity.plugin.args) expect(one).toMatch(safe);
      }),
      { numRuns: 250 },
    );
  }, 30_000);
});

describe('a token, or the worker’s own account', () => {
  it('takes a token, with the CA in PEM or in base64', async () => {
    const { certificate } = pair;
    for (const certificateAuthority of [certificate, `${toBase64(certificate)}\n`]) {
      const access = await read({ token: `${KUBE_TOKEN}\n`, certificateAuthority }, 'https://kube.example');
      expect(access).toMatchObject({
        certificateAuthority: certificate,
        identity: { kind: 'given', token: KUBE_TOKEN },
      });
    }
  });

  it.each<[string, Readonly<Record<string, unknown>>, string, string]>([
    ['nothing', {}, '', 'credential'],
    ['a token without an address', { token: KUBE_TOKEN }, '', 'url'],
    ['a token at a plain address', { token: KUBE_TOKEN }, 'http://kube.example', 'url'],
    ['a token that is two headers', { token: 'planted\r\nX: planted' }, 'https://kube.example', 'credential'],
    [
      'a CA that is a path',
      { token: KUBE_TOKEN, certificateAuthority: '/etc/planted' },
      'https://k.example',
      'credential',
    ],
    ['a token beside a kubeconfig', { token: KUBE_TOKEN, document: 'x' }, 'https://k.example', 'credential'],
    ['an unknown key', { token: KUBE_TOKEN, tokenFile: '/etc/planted' }, 'https://k.example', 'credential'],
    ['a text that is none', { document: { users: [] } }, '', 'credential'],
    ['inCluster beside a token', { token: KUBE_TOKEN, inCluster: 'true' }, '', 'credential'],
    ['inCluster that is not true', { inCluster: '/etc/planted' }, '', 'credential'],
  ])('refuses %s', async (_, credential, url, field) => {
    expect(await refusal(read(credential as Credential, url))).toMatchObject({
      kind: 'invalid-input',
      code: 'KUBERNETES_CREDENTIAL',
      field,
    });
  });

  it('refuses the worker’s own account unless it is allowed, and then with any other address', async () => {
    vi.stubEnv('KUBERNETES_SERVICE_HOST', '127.0.0.1');
    expect(await refusal(read({ inCluster: 'true' }))).toMatchObject({
      kind: 'permission',
      code: 'KUBERNETES_IN_CLUSTER',
    });
    const policy = { ...ALLOW_NOTHING, allowInCluster: true };
    expect(await refusal(read({ inCluster: 'true' }, 'https://other.example', policy))).toMatchObject({
      kind: 'invalid-input',
      field: 'url',
    });
  });

  it('refuses the worker’s own account where the worker runs in no pod', async () => {
    vi.stubEnv('KUBERNETES_SERVICE_HOST', undefined);
    const error = await refusal(read({ inCluster: 'true' }, '', { ...ALLOW_NOTHING, allowInCluster: true }));
    expect(error.message).toContain('does not run in a pod');
  });
});
