import type { Client } from '@temporalio/client';
import { expect, it } from 'vitest';
import { createAppsClient } from '../../../src/client/apps-client.ts';
import { createClustersClient } from '../../../src/client/clusters-client.ts';
import { createRuntimesClient } from '../../../src/client/runtimes-client.ts';
import type { Requests } from '../../../src/protocol/index.ts';

/** Nothing may be sent: neither a read nor the start of a workflow. */
const nothing = new Proxy(
  {},
  {
    get: (_, name) => () => {
      throw new Error(`${String(name)} was sent`);
    },
  },
);
const requests = nothing as Requests;
const apps = createAppsClient(requests);
const runtimes = createRuntimesClient(requests);
const clusters = createClustersClient({
  client: nothing as Client,
  requests,
  server: { address: '127.0.0.1:1', namespace: 'default', from: 'the test' },
  apps,
  identity: 'test',
});

const ACCOUNT = { name: 'a', provider: 'kubernetes', zone: 'default' };
const large = (bytes: number): string => `apiVersion: v1\ncertificate-authority-data: ${'x'.repeat(bytes)}\n`;
const conf = { env: { text: 'ä'.repeat(1_500_000) } };
const someConf = { env: { text: 'x'.repeat(600_000) } };

it.each([
  [
    'a credential of 40 KB',
    'CREDENTIAL_TOO_LARGE',
    () => runtimes.create({ ...ACCOUNT, credential: large(40_000) }),
  ],
  [
    'a credential of 200 KB',
    'CREDENTIAL_TOO_LARGE',
    () => runtimes.create({ ...ACCOUNT, credential: large(200_000) }),
  ],
  [
    'one of 20 MB',
    'CREDENTIAL_TOO_LARGE',
    () => runtimes.create({ ...ACCOUNT, credential: large(20_000_000) }),
  ],
  [
    'one to be tried',
    'CREDENTIAL_TOO_LARGE',
    () => runtimes.validate({ ...ACCOUNT, credential: large(40_000) }),
  ],
  [
    'one for the zones',
    'CREDENTIAL_TOO_LARGE',
    () => runtimes.zones({ ...ACCOUNT, credential: large(40_000) }),
  ],
  ['another one', 'CREDENTIAL_TOO_LARGE', () => runtimes.update('a', { credential: large(40_000) })],
  [
    'one for charts',
    'CREDENTIAL_TOO_LARGE',
    () =>
      apps.register('oci://127.0.0.1:1/web', {
        credential: JSON.stringify({ username: 'u', password: 'x'.repeat(40_000) }),
      }),
  ],
  ['a conf of 3 MB', 'CONF_TOO_LARGE', () => clusters.create({ app: 'web', runtime: 'a', conf })],
  ['a conf of 600 KB', 'CONF_TOO_LARGE', () => clusters.create({ app: 'web', runtime: 'a', conf: someConf })],
  ['a conf to upgrade with', 'CONF_TOO_LARGE', () => clusters.upgrade('c', { app: 'web', conf })],
  ['a conf to update with', 'CONF_TOO_LARGE', () => clusters.updateEnv('c', { conf })],
  ['an empty request id', 'REQUEST_ID', () => clusters.create({ app: 'web', runtime: 'a', requestId: '' })],
  ['one of 2,000 characters', 'REQUEST_ID', () => clusters.delete('c', { requestId: 'x'.repeat(2_000) })],
  ['one of a runtime', 'REQUEST_ID', () => runtimes.create({ ...ACCOUNT, requestId: 'x'.repeat(256) })],
])('%s is refused as bad input before anything is sent', async (_, code, ask) => {
  const startedAt = performance.now();
  await expect(ask()).rejects.toMatchObject({ kind: 'invalid-input', code });
  expect(performance.now() - startedAt).toBeLessThan(5_000);
});

it('the error of a large kubeconfig says how to make a small one, and nothing of it', async () => {
  const error: unknown = await runtimes
    .create({ ...ACCOUNT, credential: large(40_000) })
    .catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({
    field: 'credential',
    message: expect.stringMatching(/40044 bytes; the limit is 32768/) as string,
    hint: expect.stringContaining('kubectl config view --minify --flatten') as string,
  });
});
