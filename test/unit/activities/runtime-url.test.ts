import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { expect, it } from 'vitest';
import type { ActivityDependencies } from '../../../activities/dependencies.ts';
import type { ContextLoader } from '../../../activities/load-context.ts';
import { createRuntimeRequests } from '../../../activities/requests/runtimes.ts';
import type { Runtime } from '../../../src/domain/index.ts';

const RUNTIME: Runtime = {
  runtimeId: 'rt-1',
  name: 'one',
  provider: 'other',
  url: '',
  zone: 'z',
  settings: {},
  account: 'a',
  region: 'r',
  createdAt: '2026-01-01T00:00:00Z',
};

/** Reads over a foreign provider, with a record of what was opened or asked. */
function openRequests(plainHttpHosts: readonly string[] = []) {
  const touched: string[] = [];
  const note = (what: string) => (): never => {
    touched.push(what);
    throw new Error(what);
  };
  const ask = note('provider');
  const dependencies = {
    plainHttpHosts,
    providers: { get: () => ({ name: 'other', validateCredential: ask, describeRuntimeProviderZones: ask }) },
    stores: {
      runtimes: {
        refuseDeleted: () => Promise.resolve(),
        getWithCredential: () => Promise.resolve({ runtime: RUNTIME, credential: null }),
      },
    },
    keyring: { openSealed: note('keyring'), decrypt: note('keyring') },
    callBudgets: { open: () => () => Promise.resolve() },
    redactor: { register: () => undefined },
    log: { info: () => undefined, warn: () => undefined },
  } as unknown as ActivityDependencies;
  return { touched, requests: createRuntimeRequests(dependencies, {} as ContextLoader) };
}

const SILENT = { logger: new DefaultLogger('ERROR', () => undefined) };
const SEALED = { keyId: 'k', enc: 'e', ciphertext: 'c' };
const input = (url: string) => ({ ...RUNTIME, url, credential: SEALED });

it.each(['http://192.0.2.1:9', 'https://u:p@127.0.0.1', 'ftp://x.example', 'https://169.254.169.254', 'x'])(
  'a runtime of any provider is refused at %s before its credential is opened or anybody asked',
  async (url) => {
    const { touched, requests } = openRequests();
    const run = new MockActivityEnvironment(undefined, SILENT);
    const calls = [
      () => requests.createRuntime(input(url)),
      () => requests.validateRuntime({ input: input(url) }),
      () => requests.listZones({ input: input(url) }),
      () => requests.updateRuntime({ runtime: 'one', url, credential: SEALED }),
    ];
    for (const call of calls) {
      await expect(run.run(call)).rejects.toMatchObject({
        kind: 'invalid-input',
        code: 'RUNTIME_URL',
        field: 'url',
      });
    }
    expect(touched).toEqual([]);
  },
);

it('a host that the operator named may be reached by plain http, and no other', async () => {
  const { touched, requests } = openRequests(['api.internal']);
  const run = new MockActivityEnvironment(undefined, SILENT);
  await expect(run.run(() => requests.createRuntime(input('http://api.internal:8080')))).rejects.toThrow(
    'keyring',
  );
  expect(touched).toEqual(['keyring']);
  await expect(run.run(() => requests.createRuntime(input('http://other.internal')))).rejects.toMatchObject({
    code: 'RUNTIME_URL',
  });
});
