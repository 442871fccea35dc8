import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WindlassError } from '../../../../src/domain/index.ts';
import { ALLOW_NOTHING, type CredentialPolicy } from '../../../../src/providers/kubernetes/api/credential.ts';
import { kubeconfigOf } from './kubeconfig-kit.ts';
import { readDocument, refusal } from './credential-kit.ts';

const ALLOW_AWS: CredentialPolicy = { ...ALLOW_NOTHING, allowedExec: ['aws', 'aws-iam-authenticator'] };

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
