import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { createCall } from '../../../src/provider/index.ts';
import { createSharedRead, type SharedReadOptions } from '../../../src/provider-utils/index.ts';

const NEVER = new AbortController().signal;

/** A cloud that has every key but those that begin with `no`, and counts. */
function createCloud(change: Partial<SharedReadOptions<string>> = {}) {
  const requests: string[][] = [];
  let announced = 0;
  const read = createSharedRead<string>({
    mostKeys: 1000,
    windowMs: 10,
    async read(call, keys) {
      await call.send(async () => void requests.push([...keys]));
      return new Map(keys.filter((key) => !key.startsWith('no')).map((key) => [key, `value of ${key}`]));
    },
    ...change,
  });
  const callWith = (signal: AbortSignal) =>
    createCall({
      signal,
      log: () => undefined,
      async takeBudget(count) {
        announced += count;
      },
    });
  return {
    requests,
    announced: () => announced,
    callWith,
    ask: (key: string, signal = NEVER) => read(callWith(signal), key),
  };
}

it('makes one request of what many ask for, and announces one', async () => {
  const cloud = createCloud();
  const answers = await Promise.all(Array.from({ length: 100 }, (_, index) => cloud.ask(`k${index % 50}`)));
  expect(answers[0]).toBe('value of k0');
  expect(answers[99]).toBe('value of k49');
  expect(cloud.requests.map((keys) => keys.length)).toEqual([50]);
  expect(cloud.announced()).toBe(1);
});

it('names no more keys in a request than the cloud takes: a call per thousand', async () => {
  const cloud = createCloud();
  await Promise.all(Array.from({ length: 2500 }, (_, index) => cloud.ask(`k${index}`)));
  expect(cloud.requests.map((keys) => keys.length)).toEqual([1000, 1000, 500]);
});

it('answers an unknown key with nothing, and the others with what they are', async () => {
  const cloud = createCloud();
  expect(await Promise.all([cloud.ask('a'), cloud.ask('nobody'), cloud.ask('b')])).toEqual([
    'value of a',
    undefined,
    'value of b',
  ]);
});

it('never answers with what was asked before the question', async () => {
  let state = 'old';
  const cloud = createCloud({
    async read(_call, keys) {
      const seen = state;
      await sleep(50);
      return new Map(keys.map((key) => [key, seen]));
    },
  });
  const first = cloud.ask('k');
  await sleep(30);
  state = 'new';
  expect(await cloud.ask('k')).toBe('new');
  expect(await first).toBe('old');
});

it('lets a caller go by its own signal, and goes on for the others', async () => {
  const controller = new AbortController();
  const cloud = createCloud();
  const given = cloud.ask('a', controller.signal);
  const other = cloud.ask('b');
  controller.abort();
  await expect(given).rejects.toMatchObject({ kind: 'cancelled', code: 'CANCELLED' });
  expect(await other).toBe('value of b');
  await expect(cloud.ask('c', controller.signal)).rejects.toMatchObject({ kind: 'cancelled' });
});

it('aborts the request when no caller waits for it any more', async () => {
  const controllers = [new AbortController(), new AbortController()];
  const aborted = Promise.withResolvers<void>();
  const cloud = createCloud({
    read: (call) =>
      new Promise((_, reject) => {
        call.signal.addEventListener('abort', () => {
          aborted.resolve();
          reject(new Error('aborted'));
        });
      }),
  });
  const asked = controllers.map(({ signal }) => cloud.ask('k', signal));
  await sleep(30);
  for (const controller of controllers) controller.abort();
  expect((await Promise.allSettled(asked)).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  await aborted.promise;
});

it('fails all callers that shared a failed request, and sends a new one for the next', async () => {
  let broken = true;
  const cloud = createCloud({
    async read(_call, keys) {
      if (broken) throw new Error('no line');
      return new Map(keys.map((key) => [key, 'fine']));
    },
  });
  const outcomes = await Promise.allSettled([cloud.ask('a'), cloud.ask('b')]);
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  broken = false;
  expect(await cloud.ask('a')).toBe('fine');
});

it('does not let a request that hangs hold up the others for long', async () => {
  let hang = true;
  const cloud = createCloud({
    async read(_call, keys) {
      if (hang) {
        hang = false;
        await sleep(20_000, undefined, { ref: false });
      }
      return new Map(keys.map((key) => [key, 'fine']));
    },
  });
  void cloud.ask('a');
  await sleep(30);
  const begun = performance.now();
  expect(await cloud.ask('b')).toBe('fine');
  expect(performance.now() - begun).toBeLessThan(15_000);
});
