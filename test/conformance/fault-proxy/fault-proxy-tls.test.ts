import { request } from 'node:https';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startFaultProxy, type FaultProxy } from '../../../src/conformance/index.ts';
import { makeCertificate, startHttpCloud, type Certificate, type HttpCloud } from './http-cloud.ts';

let ours: Certificate;
let theirs: Certificate;
let cloud: HttpCloud;
let proxy: FaultProxy;

beforeEach(async () => {
  [ours, theirs] = [makeCertificate(), makeCertificate()];
  cloud = await startHttpCloud(theirs);
  proxy = await openProxy(theirs.cert);
});
afterEach(async () => {
  await proxy.close();
  await cloud.close();
});

function openProxy(ca: string): Promise<FaultProxy> {
  return startFaultProxy({
    upstream: { url: cloud.url, ca },
    tls: ours,
    classify: ({ method }) => method,
    throttledAnswer: () => ({ status: 429, body: '' }),
  });
}

/** A status, or the code of the error with which the connection broke. */
function ask(url: string, ca: string): Promise<number | string> {
  return new Promise((resolve) => {
    const asked = request(url, { ca, agent: false, method: 'POST' }, (response) => {
      response.resume();
      response.once('end', () => resolve(response.statusCode ?? 0));
      response.once('error', (error) => resolve('code' in error ? String(error.code) : error.message));
    });
    asked.once('error', (error) => resolve('code' in error ? String(error.code) : error.message));
    asked.end('a');
  });
}

it('serves with its own certificate and verifies that of the cloud', async () => {
  expect(await ask(`${proxy.url}/things`, ours.cert)).toBe(201);
  expect(await ask(`${proxy.url}/things`, theirs.cert)).toBe('DEPTH_ZERO_SELF_SIGNED_CERT');
  expect(cloud.made).toEqual(['a']);
});

it('passes nothing to a cloud whose certificate it does not trust', async () => {
  await proxy.close();
  proxy = await openProxy(ours.cert);
  expect(await ask(`${proxy.url}/things`, ours.cert)).toBe('ECONNRESET');
  expect(cloud.requests()).toBe(0);
});

it('breaks connections over TLS too, before the effect and after it', async () => {
  proxy.addRule({ fault: 'refuse' });
  proxy.addRule({ fault: 'drop', nth: 2 });
  proxy.addRule({ fault: 'cut', nth: 3 });
  expect(await ask(`${proxy.url}/things`, ours.cert)).toBe('ECONNRESET');
  expect(cloud.made).toEqual([]);
  expect(await ask(`${proxy.url}/things`, ours.cert)).toBe('ECONNRESET');
  expect(await ask(`${proxy.url}/things`, ours.cert)).toBe('ECONNRESET');
  expect(cloud.made).toEqual(['a', 'a']);
});
