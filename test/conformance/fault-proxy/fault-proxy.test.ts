import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { startFaultProxy, type FaultProxy } from '../../../src/conformance/index.ts';
import { startHttpCloud, type HttpCloud } from './http-cloud.ts';

let cloud: HttpCloud;
let proxy: FaultProxy;

beforeEach(async () => {
  cloud = await startHttpCloud();
  proxy = await startFaultProxy({
    upstream: { url: cloud.url },
    classify: ({ method, url }) => `${method} ${url.split('/')[1] ?? ''}`,
    throttledAnswer: () => ({
      status: 429,
      headers: { 'content-type': 'text/plain', 'retry-after': '2' },
      body: 'slow down, says the cloud',
    }),
    failedAnswer: () => ({ status: 500, body: 'the cloud is confused' }),
  });
});
afterEach(async () => {
  await proxy.close();
  await cloud.close();
});

function make(name: string): Promise<Response> {
  return fetch(`${proxy.url}/things`, { method: 'POST', body: name });
}

async function count(): Promise<unknown> {
  return ((await (await fetch(`${proxy.url}/things`)).json()) as { count: number }).count;
}

/** What a client hears of: a status, or that the connection broke. */
async function outcome(call: Promise<Response>): Promise<number | 'broken'> {
  try {
    const response = await call;
    await response.arrayBuffer();
    return response.status;
  } catch {
    return 'broken';
  }
}

it('passes everything unchanged if no rule applies', async () => {
  expect(await outcome(make('a'))).toBe(201);
  expect(await count()).toBe(1);
  const response = await fetch(`${proxy.url}/echo`, { headers: { 'x-signature': 'S', host: 'ec2.example' } });
  expect(await response.json()).toMatchObject({ 'x-signature': 'S', host: new URL(proxy.url).host });
  expect(proxy.log()).toMatchObject([
    { operation: 'POST things', fault: null, delivered: 1, status: 201 },
    { operation: 'GET things', fault: null, delivered: 1, status: 200 },
    { operation: 'GET echo', fault: null, delivered: 1, status: 200 },
  ]);
});

it('refuses: the connection breaks, and the cloud never hears of it', async () => {
  proxy.addRule({ operation: 'POST things', fault: 'refuse' });
  expect(await outcome(make('a'))).toBe('broken');
  expect([cloud.made, cloud.requests()]).toEqual([[], 0]);
  expect(proxy.log()).toMatchObject([{ fault: 'refuse', delivered: 0, status: null }]);
});

it('holds requests back until it is told to pass them on', async () => {
  const release = proxy.hold();
  const answer = outcome(make('a'));
  await vi.waitUntil(() => proxy.log().length === 1);
  expect(cloud.requests()).toBe(0);
  release();
  expect(await answer).toBe(201);
  expect(cloud.made).toEqual(['a']);
});

it('throttles in the cloud’s own words, before the effect', async () => {
  proxy.addRule({ fault: 'throttle' });
  const response = await make('a');
  expect([response.status, response.headers.get('retry-after'), await response.text()]).toEqual([
    429,
    '2',
    'slow down, says the cloud',
  ]);
  expect(cloud.requests()).toBe(0);
});

it('fails with 500 before the effect', async () => {
  proxy.addRule({ fault: 'fail' });
  const response = await make('a');
  expect([response.status, await response.text(), cloud.requests()]).toEqual([
    500,
    'the cloud is confused',
    0,
  ]);
});

it('drops the connection after the effect', async () => {
  proxy.addRule({ fault: 'drop' });
  expect(await outcome(make('a'))).toBe('broken');
  expect(cloud.made).toEqual(['a']);
  expect(proxy.log()).toMatchObject([{ fault: 'drop', delivered: 1, status: 201 }]);
});

it('cuts the answer in the middle, after its headers and half of its body', async () => {
  proxy.addRule({ operation: 'GET things', fault: 'cut' });
  const response = await fetch(`${proxy.url}/things`);
  expect(response.status).toBe(200);
  const seen: Uint8Array[] = [];
  await expect(
    (async () => {
      for await (const part of response.body ?? []) seen.push(part as Uint8Array);
    })(),
  ).rejects.toThrow();
  const length = Number(response.headers.get('content-length'));
  expect(Buffer.concat(seen).length).toBe(Math.floor(length / 2));
});

it('delays the answer, when the effect is already there', async () => {
  proxy.addRule({ fault: 'delay', delayMs: 400 });
  const begun = performance.now();
  const made = make('a');
  await expect.poll(() => cloud.made.length, { timeout: 5_000 }).toBe(1);
  expect(await outcome(made)).toBe(201);
  expect(performance.now() - begun).toBeGreaterThan(390);
});

it('delivers twice, and answers with what the second delivery brought', async () => {
  proxy.addRule({ operation: 'POST things', fault: 'double' });
  const response = await make('a');
  expect(await response.json()).toEqual({ id: 2 });
  expect(cloud.made).toEqual(['a', 'a']);
  expect(proxy.log()).toMatchObject([{ fault: 'double', delivered: 2, status: 201 }]);
});

it('answers with an older answer to the same read, and only to a read that was made before', async () => {
  const rule = proxy.addRule({ operation: 'GET things', fault: 'stale' });
  expect(await count()).toBe(0);
  expect(rule.fired()).toBe(0);
  await make('a');
  expect(await count()).toBe(0);
  expect([rule.fired(), cloud.requests()]).toEqual([1, 2]);
  expect(await count()).toBe(1);
});

it('answers no change with an older answer: no cloud does that', async () => {
  const rule = proxy.addRule({ fault: 'stale' });
  await make('a');
  await make('a');
  expect([rule.fired(), cloud.made]).toEqual([0, ['a', 'a']]);
});

it('applies by operation, from the nth request on and for that many requests', async () => {
  const rule = proxy.addRule({ operation: 'POST things', fault: 'throttle', nth: 2, count: 2 });
  const statuses = [];
  for (const name of ['a', 'b', 'c', 'd']) {
    statuses.push(await outcome(make(name)));
    await count();
  }
  expect(statuses).toEqual([201, 429, 429, 201]);
  expect(cloud.made).toEqual(['a', 'd']);
  expect(rule.fired()).toBe(2);
  rule.remove();
  proxy.clearLog();
  expect(await outcome(make('e'))).toBe(201);
  expect(proxy.log()).toHaveLength(1);
});

it('applies the first of several rules that are due', async () => {
  proxy.addRule({ fault: 'throttle' });
  proxy.addRule({ fault: 'fail', nth: 2 });
  expect([await outcome(make('a')), await outcome(make('b')), await outcome(make('c'))]).toEqual([
    429, 500, 201,
  ]);
});

it('streams what streams, and ends it when the client goes', async () => {
  const response = await fetch(`${proxy.url}/stream`);
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  expect(Buffer.from((await reader.read()).value ?? []).toString()).toBe('one');
  await fetch(`${proxy.url}/go`);
  expect(Buffer.from((await reader.read()).value ?? []).toString()).toBe('two');
});

it('looks like a broken connection where the cloud is away', async () => {
  await cloud.close();
  expect(await outcome(make('a'))).toBe('broken');
  expect(proxy.log()).toMatchObject([{ fault: null, status: null }]);
});
