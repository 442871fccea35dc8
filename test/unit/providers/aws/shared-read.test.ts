import { describe, expect, it } from 'vitest';
import { createSharedRead } from '../../../../src/providers/aws/cloud/shared-read.ts';

const call = (signal = new AbortController().signal) => ({ signal, request: async () => {} });

function createCounted(mostKeys = 100) {
  const requests: (readonly string[])[] = [];
  const gate = Promise.withResolvers<void>();
  const read = createSharedRead<string>({
    mostKeys,
    windowMs: 5,
    read: async (_call, keys) => {
      requests.push(keys);
      await gate.promise;
      return new Map(keys.filter((key) => key !== 'gone').map((key) => [key, key.toUpperCase()]));
    },
  });
  return { requests, read, open: () => gate.resolve() };
}

describe('a shared read', () => {
  it('makes one request of the reads of many, and answers each its own', async () => {
    const { requests, read, open } = createCounted();
    open();
    const answers = await Promise.all(['a', 'b', 'a', 'gone'].map((key) => read(call(), key)));
    expect(answers).toEqual(['A', 'B', 'A', undefined]);
    expect(requests).toEqual([['a', 'b', 'gone']]);
  });

  it('costs a request for each thousand keys', async () => {
    const { requests, read, open } = createCounted(1_000);
    open();
    await Promise.all(Array.from({ length: 2_500 }, (_, index) => read(call(), `key-${index}`)));
    expect(requests.map((keys) => keys.length)).toEqual([1_000, 1_000, 500]);
  });

  it('never answers with what was asked for before the question', async () => {
    const { requests, read, open } = createCounted();
    const first = read(call(), 'a');
    await new Promise((resolve) => setTimeout(resolve, 20));
    const second = read(call(), 'a');
    open();
    expect(await Promise.all([first, second])).toEqual(['A', 'A']);
    expect(requests).toEqual([['a'], ['a']]);
  });

  it('goes on for the others when one is cancelled', async () => {
    const { read, open } = createCounted();
    const one = new AbortController();
    const cancelled = read(call(one.signal), 'a');
    const kept = read(call(), 'b');
    one.abort();
    await expect(cancelled).rejects.toMatchObject({ kind: 'cancelled' });
    open();
    expect(await kept).toBe('B');
  });

  it('takes its budget through one that still wants it', async () => {
    const asked: string[] = [];
    const read = createSharedRead<string>({
      mostKeys: 10,
      windowMs: 5,
      read: async (shared) => {
        await shared.request();
        return new Map();
      },
    });
    const one = new AbortController();
    const name = (who: string, signal: AbortSignal) => ({
      signal,
      request: async () => void asked.push(who),
    });
    const cancelled = read(name('first', one.signal), 'a').catch(() => 'cancelled');
    const kept = read(name('second', new AbortController().signal), 'a');
    one.abort();
    expect(await cancelled).toBe('cancelled');
    await kept;
    expect(asked).toEqual(['second']);
  });
});
