import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer, type IncomingMessage, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Credential } from '../../src/domain/index.ts';
import type { Provider } from '../../src/provider/index.ts';
import { createNodeShell } from '../../src/nodes/index.ts';
import { createAwsProvider } from '../../src/providers/aws/index.ts';
import { createKubernetesProvider } from '../../src/providers/kubernetes/index.ts';
import {
  kubeconfigOf,
  makeKeyAndCertificate,
  toBase64,
  type KeyAndCertificate,
} from '../unit/providers/kubernetes/kubeconfig-kit.ts';
import { createTestCall } from '../kit/test-calls.ts';

// The worker of these tests is full of what a credential must not reach: keys in its environment,
// profiles in its home folder, a machine's role, files, a pipe that blocks who opens it, programs.
// Servers on loopback write down all that arrives.

const WORKER_KEY = 'AKIAWORKERSOWNKEY';
const WORKER_SECRET = 'planted-worker-secret';

let folder: string;
let pair: KeyAndCertificate;
let server: Server;
let tlsServer: Server;
let url: string;
let tlsUrl: string;
let received: string[];

function record(request: IncomingMessage): void {
  received.push([request.url, ...request.rawHeaders].join('\n'));
  void (async () => {
    for await (const chunk of request) received.push(String(chunk));
  })();
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'windlass-borrowed-'));
  pair = makeKeyAndCertificate();
  server = createHttpServer((request, response) => {
    record(request);
    response.writeHead(403).end('{}');
  });
  tlsServer = createHttpsServer({ key: pair.key, cert: pair.certificate }, (request, response) => {
    record(request);
    response.writeHead(403).end('{}');
  });
  for (const one of [server, tlsServer]) {
    await new Promise<void>((resolve) => one.listen(0, '127.0.0.1', resolve));
  }
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  tlsUrl = `https://127.0.0.1:${(tlsServer.address() as AddressInfo).port}`;

  writeFileSync(at('secret-file'), 'planted-content-of-a-file');
  execFileSync('mkfifo', [at('pipe')]);
  mkdirSync(at('bin'));
  for (const name of ['aws', 'aws-iam-authenticator', 'sh-of-theirs']) {
    writeFileSync(at('bin', name), `#!/bin/sh\necho ran "$@" >> '${at('ran')}'\n`, { mode: 0o755 });
  }
  const process = `credential_process = ${at('bin', 'sh-of-theirs')}`;
  writeFileSync(
    at('config'),
    ['default', 'profile work', 'profile trap']
      .map((name) => `[${name}]\n${process}\nregion = eu-west-1\n`)
      .join(''),
  );
  writeFileSync(
    at('credentials'),
    `[default]\naws_access_key_id = ${WORKER_KEY}\naws_secret_access_key = ${WORKER_SECRET}\n`,
  );
});
afterAll(async () => {
  vi.unstubAllEnvs();
  for (const one of [server, tlsServer]) {
    one.closeAllConnections();
    await new Promise((resolve) => one.close(resolve));
  }
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  received = [];
  vi.stubEnv('PATH', `${at('bin')}:/usr/bin:/bin`);
  vi.stubEnv('AWS_ACCESS_KEY_ID', WORKER_KEY);
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', WORKER_SECRET);
  vi.stubEnv('AWS_CONFIG_FILE', at('config'));
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', at('credentials'));
  vi.stubEnv('AWS_CONTAINER_CREDENTIALS_FULL_URI', `${url}/container`);
  vi.stubEnv('AWS_EC2_METADATA_SERVICE_ENDPOINT', url);
  vi.stubEnv('KUBERNETES_SERVICE_HOST', '127.0.0.1');
  vi.stubEnv('KUBERNETES_SERVICE_PORT', new URL(tlsUrl).port);
});

function at(...path: readonly string[]): string {
  return join(folder, ...path);
}

/** Both ways in which a client has a credential used before any runtime is stored. */
async function tryAll(provider: Provider, request: { url: string; credential: Credential; zone: string }) {
  const asked = { ...request, settings: {} };
  const ways = [
    () => provider.validateCredential(asked, createTestCall()),
    () => provider.describeRuntimeProviderZones(asked, createTestCall()),
  ];
  return Promise.all(
    ways.map((way) =>
      way().then(
        () => null,
        (error: unknown) => error,
      ),
    ),
  );
}

function expectNothingReached(): void {
  expect(received).toEqual([]);
  expect(existsSync(at('ran'))).toBe(false);
  // Whoever had opened the pipe would have blocked this process.
}

const REFUSED = {
  kind: expect.stringMatching(/^(invalid-input|permission)$/) as string,
  field: expect.anything() as string,
};

describe('a credential of Kubernetes', () => {
  const provider = createKubernetesProvider({ findHelm: () => Promise.reject(new Error('no helm here')) });
  const own = (user: object): Credential => ({
    document: JSON.stringify(
      kubeconfigOf({
        cluster: { server: tlsUrl, 'certificate-authority-data': toBase64(pair.certificate) },
        user,
      }),
    ),
  });
  const exec = (command: string, args: readonly string[], env: readonly object[] = []): object => ({
    exec: { apiVersion: 'client.authentication.k8s.io/v1', command, args, env, interactiveMode: 'Never' },
  });

  it('with a token reaches its server', async () => {
    await tryAll(provider, { url: '', zone: 'shop', credential: own({ token: 'given' }) });
    expect(received.join('\n')).toContain('Bearer given');
  });

  it.each<[string, () => Credential, (() => string)?]>([
    ['a token file', () => own({ 'token-file': at('secret-file') })],
    ['a pipe as a token file', () => own({ 'token-file': at('pipe') })],
    ['a pipe as a token file, by kubectl’s own name', () => own({ tokenFile: at('pipe'), token: 'given' })],
    [
      'a pipe as a client certificate',
      () => own({ 'client-certificate': at('pipe'), 'client-key': at('pipe') }),
    ],
    [
      'a program that sends a file',
      () => own(exec('aws', ['s3api', 'put-object', '--endpoint-url', url, '--body', at('secret-file')])),
    ],
    [
      'a program with a configuration of its own',
      () =>
        own(exec('aws', ['sts', 'get-caller-identity'], [{ name: 'AWS_CONFIG_FILE', value: at('config') }])),
    ],
    ['a program in its known form', () => own(exec('aws', ['eks', 'get-token', '--cluster-name', 'shop']))],
    ['another program', () => own(exec('sh-of-theirs', []))],
    ['the worker’s own pod', () => ({ inCluster: 'true' })],
    ['the worker’s own pod, at another address', () => ({ inCluster: 'true' }), () => tlsUrl],
  ])('with %s reaches nothing', async (_, credential, address = () => '') => {
    for (const error of await tryAll(provider, { url: address(), zone: 'shop', credential: credential() })) {
      expect(error).toMatchObject(REFUSED);
      expect(JSON.stringify(error)).not.toContain('planted');
    }
    expectNothingReached();
  });

  it('with a program that the operator allows starts it in the known form alone', async () => {
    const allowing = createKubernetesProvider({
      findHelm: () => Promise.reject(new Error('no helm here')),
      credentials: { allowedExec: ['aws'], allowInCluster: false },
    });
    const keys = [
      { name: 'AWS_ACCESS_KEY_ID', value: 'AKIAUSER' },
      { name: 'AWS_SECRET_ACCESS_KEY', value: 'secretofuser' },
    ];
    for (const user of [
      exec('aws', ['eks', 'get-token', '--cluster-name', 'shop', '--endpoint-url', url], keys),
      exec('aws', ['eks', 'get-token', '--cluster-name', 'shop']),
    ]) {
      for (const error of await tryAll(allowing, { url: '', zone: 'shop', credential: own(user) })) {
        expect(error).toMatchObject(REFUSED);
      }
    }
    expectNothingReached();
    const whole = exec('aws', ['eks', 'get-token', '--cluster-name', 'shop'], keys);
    await tryAll(allowing, { url: '', zone: 'shop', credential: own(whole) });
    expect(readFileSync(at('ran'), 'utf8')).toContain('ran eks get-token --cluster-name shop\n');
    rmSync(at('ran'));
  });
});

describe('a credential of AWS', () => {
  const ROLE = 'arn:aws:iam::123456789012:role/x';
  const KEYS = { accessKeyId: 'AKIAOFTHEUSER', secretAccessKey: 'secret-of-the-user' };
  const nodes = createNodeShell();
  const provider = createAwsProvider({ nodes });
  afterAll(() => nodes.close());

  it('of keys reaches the address that it was given for, signed by these keys alone', async () => {
    await tryAll(provider, { url, zone: 'eu-central-1a', credential: KEYS });
    await tryAll(provider, { url, zone: 'eu-central-1a', credential: { ...KEYS, roleArn: ROLE } });
    expect(received.join('\n')).toContain('Credential=AKIAOFTHEUSER/');
    expect(received.join('\n')).toContain('Action=AssumeRole');
    expect(received.join('\n')).not.toContain(WORKER_KEY);
    expect(received.join('\n')).not.toContain('/container');
    expect(existsSync(at('ran'))).toBe(false);
  });

  it('of keys is sent to AWS itself, whatever endpoint the worker’s environment and files name', async () => {
    vi.stubEnv('AWS_ENDPOINT_URL', url);
    vi.stubEnv('AWS_ENDPOINT_URL_STS', url);
    vi.stubEnv('AWS_ENDPOINT_URL_EC2', url);
    vi.stubEnv('AWS_PROFILE', 'trap');
    vi.stubEnv('AWS_DEFAULTS_MODE', 'auto');
    // Whoever opened it would wait for ever.
    vi.stubEnv('AWS_CONFIG_FILE', at('pipe'));
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', at('pipe'));
    for (const credential of [KEYS, { ...KEYS, roleArn: ROLE }]) {
      for (const error of await tryAll(provider, { url: '', zone: 'eu-central-1a', credential })) {
        expect(error).not.toBeNull();
      }
    }
    expectNothingReached();
  });

  it.each<[string, Credential]>([
    ['nothing', {}],
    ['a role', { roleArn: ROLE }],
    ['a profile', { profile: 'default' }],
    ['a profile whose keys a program gives', { profile: 'work' }],
    ['a profile and a role', { profile: 'work', roleArn: ROLE }],
    ['a file of the worker', { webIdentityTokenFile: 'secret-file', roleArn: ROLE }],
    ['a pipe of the worker', { webIdentityTokenFile: 'pipe', roleArn: ROLE }],
  ])('of %s reaches nothing, here or at AWS', async (_, given) => {
    const file = given['webIdentityTokenFile'];
    const credential = file === undefined ? given : { ...given, webIdentityTokenFile: at(file) };
    for (const address of [url, tlsUrl, '']) {
      for (const error of await tryAll(provider, { url: address, zone: 'eu-central-1a', credential })) {
        expect(error).toMatchObject({ ...REFUSED, code: 'AWS_IDENTITY' });
      }
    }
    expectNothingReached();
  });

  it('that a worker lends goes to no address of the user’s choice, and to no other authority', async () => {
    const lending = createAwsProvider({
      nodes,
      credentials: {
        allowOwnIdentity: true,
        allowedProfiles: ['default', 'work'],
        allowedTokenFiles: [at('secret-file')],
      },
    });
    const credentials = [
      {},
      { roleArn: ROLE },
      { profile: 'work' },
      { webIdentityTokenFile: at('secret-file'), roleArn: ROLE },
    ];
    for (const credential of credentials) {
      for (const error of await tryAll(lending, { url, zone: 'eu-central-1a', credential })) {
        expect(error).toMatchObject({ kind: 'permission', code: 'AWS_IDENTITY', field: 'url' });
      }
      const settings = { caCertificate: pair.certificate };
      const asked = { url: '', zone: 'eu-central-1a', credential, settings };
      await expect(lending.validateCredential(asked, createTestCall())).rejects.toMatchObject({
        code: 'AWS_IDENTITY',
      });
    }
    expectNothingReached();
  });

  it.each([
    'http://192.0.2.1:9',
    'http://api.example',
    'https://169.254.169.254',
    'https://u:p@127.0.0.1:9',
    'ftp://x',
  ])('goes to no address like %s', async (address) => {
    for (const error of await tryAll(provider, { url: address, zone: 'eu-central-1a', credential: KEYS })) {
      expect(error).toMatchObject({ kind: 'invalid-input', code: 'RUNTIME_URL', field: 'url' });
    }
    expectNothingReached();
  });
});
