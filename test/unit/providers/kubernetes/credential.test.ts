import { afterEach, describe, expect, it, vi } from 'vitest';
import { openKubeConfig } from '../../../../src/providers/kubernetes/api/credential.ts';

const POLICY = { allowedCommands: ['aws'] };
const SECRET = 'planted-token-91';

interface Parts {
  readonly cluster?: object;
  readonly user?: object;
  readonly context?: string;
}

function kubeconfig({ cluster = {}, user = { token: SECRET }, context = 'c' }: Parts = {}): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'k', cluster: { server: 'https://kube.example:6443', ...cluster } }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'c', context: { cluster: 'k', user: 'u' } }],
    'current-context': context,
  });
}

const exec = (more: object): object => ({
  exec: { apiVersion: 'client.authentication.k8s.io/v1', command: 'aws', args: ['eks'], ...more },
});

describe('openKubeConfig', () => {
  afterEach(() => vi.unstubAllEnvs());

  it('takes a kubeconfig, also at another address', async () => {
    const credential = { document: kubeconfig() };
    const own = await openKubeConfig({ url: '', credential }, POLICY);
    expect(own.getCurrentCluster()?.server).toBe('https://kube.example:6443');
    const other = await openKubeConfig({ url: 'https://other.example', credential }, POLICY);
    expect(other.getCurrentCluster()?.server).toBe('https://other.example');
    expect(other.getCurrentUser()?.token).toBe(SECRET);
  });

  it('takes a token, with the CA in PEM or in base64', async () => {
    const pem = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
    const base64 = Buffer.from(pem).toString('base64');
    for (const certificateAuthority of [pem, `${base64}\n`]) {
      const config = await openKubeConfig(
        { url: 'https://kube.example', credential: { token: `${SECRET}\n`, certificateAuthority } },
        POLICY,
      );
      expect(config.getCurrentCluster()).toMatchObject({ caData: base64, skipTLSVerify: false });
      expect(config.getCurrentUser()?.token).toBe(SECRET);
    }
  });

  it('takes an exec section whose program is allowed', async () => {
    const config = await openKubeConfig(
      { url: '', credential: { document: kubeconfig({ user: exec({}) }) } },
      POLICY,
    );
    expect(config.getCurrentUser()?.exec).toMatchObject({ command: 'aws' });
  });

  it.each<[string, string, Parts]>([
    ['that turns TLS off', 'insecure-skip-tls-verify', { cluster: { 'insecure-skip-tls-verify': true } }],
    ['that names a CA file', 'certificate-authority', { cluster: { 'certificate-authority': '/etc/ca' } }],
    ['that names a certificate file', 'client-certificate', { user: { 'client-certificate': '/etc/c' } }],
    ['that names a key file', 'client-key', { user: { 'client-key': '/etc/k' } }],
    ['with an auth-provider', 'auth-provider', { user: { 'auth-provider': { name: 'gcp', config: {} } } }],
    ['whose context is not there', 'current-context', { context: 'absent' }],
    ['at a plain address', 'https://', { cluster: { server: 'http://kube.example' } }],
    ['with a program of its own', 'not allowed', { user: exec({ command: 'sh' }) }],
    ['with a program by its path', 'not allowed', { user: exec({ command: '/tmp/aws' }) }],
    [
      'that changes the PATH of the program',
      'PATH',
      { user: exec({ env: [{ name: 'PATH', value: '/tmp' }] }) },
    ],
    ['that preloads a library', 'LD_PRELOAD', { user: exec({ env: [{ name: 'LD_PRELOAD', value: 'x' }] }) }],
  ])('refuses a kubeconfig %s', async (_, said, parts) => {
    const opened = openKubeConfig({ url: '', credential: { document: kubeconfig(parts) } }, POLICY);
    const error: unknown = await opened.then(
      () => null,
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({ code: expect.stringMatching(/^KUBERNETES_(CREDENTIAL|EXEC)$/) });
    expect(JSON.stringify(error) + String(error)).toContain(said.slice(0, 12));
    expect(JSON.stringify(error) + String(error)).not.toContain(SECRET);
  });

  it.each<[string, Readonly<Record<string, string>>, string, string]>([
    ['nothing', {}, '', 'credential'],
    ['a token without an address', { token: SECRET }, '', 'url'],
    ['a token at a plain address', { token: SECRET }, 'http://kube.example', 'url'],
    ['what is no kubeconfig', { document: `{${SECRET}` }, '', 'credential'],
  ])('refuses %s', async (_, credential, url, field) => {
    await expect(openKubeConfig({ url, credential }, POLICY)).rejects.toMatchObject({
      kind: 'invalid-input',
      code: 'KUBERNETES_CREDENTIAL',
      field,
      message: expect.not.stringContaining(SECRET),
    });
  });

  it('refuses inCluster where the worker runs in no pod', async () => {
    vi.stubEnv('KUBERNETES_SERVICE_HOST', undefined);
    await expect(openKubeConfig({ url: '', credential: { inCluster: 'true' } }, POLICY)).rejects.toThrow(
      'runs in no pod',
    );
  });
});
