import fc from 'fast-check';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { parse, stringify } from 'yaml';
import { MAX_CREDENTIAL_BYTES, WindlassError, type Credential } from '../../../../src/domain/index.ts';
import { ALLOW_NOTHING, type CredentialPolicy } from '../../../../src/providers/kubernetes/api/credential.ts';
import {
  KUBE_TOKEN,
  kubeconfigOf,
  makeKeyAndCertificate,
  toBase64,
  type KeyAndCertificate,
  type KubeconfigParts,
} from './kubeconfig-kit.ts';
import { read, readDocument, refusal } from './credential-kit.ts';

let pair: KeyAndCertificate;
beforeAll(() => {
  pair = makeKeyAndCertificate();
});
afterEach(() => vi.unstubAllEnvs());

const ALLOW_AWS: CredentialPolicy = { ...ALLOW_NOTHING, allowedExec: ['aws', 'aws-iam-authenticator'] };

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
