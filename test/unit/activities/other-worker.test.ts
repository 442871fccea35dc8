import { expect, test } from 'vitest';
import { findOtherWorker } from '../../../activities/requests/other-worker.ts';
import { WindlassError } from '../../../src/domain/index.ts';
import { createProviderRegistry } from '../../../src/provider/index.ts';

/** What a worker without any provider throws. */
function lacking(): unknown {
  try {
    return createProviderRegistry().get('sample');
  } catch (error) {
    return error;
  }
}

const tell = (providers: readonly string[], input: unknown, error: unknown = lacking()) =>
  findOtherWorker(
    {
      workers: {
        ...NO_WORKERS,
        listProviders: async () => Object.fromEntries(providers.map((name) => [name, null])),
      },
    },
    error,
    input,
  );

const NO_WORKERS = { report: async () => {}, leave: async () => {} };

test('a request is sent on to a worker that has the provider, whose name comes with the answer', async () => {
  expect(await tell(['local', 'sample'], { runtime: 'mine' })).toMatchObject({
    kind: 'unavailable',
    code: 'PROVIDER_ELSEWHERE',
    details: [{ field: 'provider', message: 'sample' }],
  });
});

test('a request for a runtime whose provider no worker has is told how to add it', async () => {
  expect(await tell(['local'], { runtime: 'mine' })).toMatchObject({
    kind: 'unavailable',
    code: 'PROVIDER_AWAY',
    hint: expect.stringContaining('WINDLASS_PROVIDERS') as string,
  });
});

test.each([{ provider: 'sample' }, { input: { provider: 'sample' } }])(
  'a provider that the request itself names, and no worker has, is unknown (%j)',
  async (input) => {
    expect(await tell(['local'], input)).toMatchObject({ kind: 'not-found', code: 'PROVIDER_UNKNOWN' });
  },
);

test('other errors stay what they are', async () => {
  const error = new WindlassError('quota', 'full', { code: 'FULL' });
  expect(await tell(['sample'], null, error)).toBe(error);
});
