import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, afterAll, describe, expect, it } from 'vitest';
import {
  createQingCloudClient,
  isSettled,
  listAll,
  readJobProgress,
  toChunks,
  type ClientOptions,
  type QingCloudClient,
} from '../../src/providers/qingcloud/client/index.ts';
import { makeCertificate } from '../kit/chart-servers.ts';
import { answerJson, startAnsweringServer, type AnsweringServer } from './answering-server.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function start(...given: Parameters<typeof startAnsweringServer>): Promise<AnsweringServer> {
  const server = await startAnsweringServer(...given);
  closers.push(() => server.close());
  return server;
}

function open(endpoint: URL, options: Partial<ClientOptions> = {}): QingCloudClient {
  return createQingCloudClient({
    endpoint,
    zone: 'PEK3A',
    accessKeyId: 'QYACCESSKEYIDEXAMPLE',
    secretAccessKey: 'SECRETACCESSKEY',
    ...options,
  });
}

const RUN = {
  image_id: 'img-1',
  login_mode: 'keypair',
  login_keypair: 'kp-1',
  cpu: 1,
  memory: 1024,
} as const;

describe('a request of the client', () => {
  it('has the common parameters, a signature and a new id each time', async () => {
    const server = await start((_, response) => answerJson(response, { ret_code: 0, total_count: 0 }));
    const client = open(server.url, { now: () => Date.UTC(2026, 0, 2, 3, 4, 5, 600) });
    await client.send('DescribeJobs', { jobs: ['j-1', 'j-2'] }, { expiresInMs: 20_000 });
    await client.send('DescribeJobs', {});
    const [first, second] = server.arrived;
    expect(first).toMatchObject({ method: 'GET', path: '/iaas/' });
    expect(Object.fromEntries(first?.parameters ?? [])).toMatchObject({
      action: 'DescribeJobs',
      'jobs.1': 'j-1',
      'jobs.2': 'j-2',
      zone: 'pek3a',
      time_stamp: '2026-01-02T03:04:05Z',
      expires: '2026-01-02T03:04:25Z',
      access_key_id: 'QYACCESSKEYIDEXAMPLE',
      version: '1',
      signature_method: 'HmacSHA256',
      signature_version: '1',
    });
    expect(first?.parameters.get('signature')).toMatch(/^[A-Za-z0-9+/]{43}=$/);
    expect(first?.parameters.get('req_id')).not.toBe(second?.parameters.get('req_id'));
    expect(second?.parameters.get('expires')).toBeNull();
  });

  it('goes to the path that the endpoint names, with or without a slash', async () => {
    const server = await start((_, response) => answerJson(response, { ret_code: 0 }));
    for (const path of ['/iaas', '/iaas/', '/']) {
      await open(new URL(path, server.url)).send('DescribeZones', {});
    }
    expect(server.arrived.map(({ path }) => path)).toEqual(['/iaas', '/iaas/', '/iaas/']);
  });

  it('uses the path and the second version of the signature for temporary keys', async () => {
    const server = await start((_, response) => answerJson(response, { ret_code: 0 }));
    await open(server.url, { token: 'temporary' }).send('DescribeZones', {});
    const [arrived] = server.arrived;
    expect(arrived?.path).toBe('/iam/');
    expect(Object.fromEntries(arrived?.parameters ?? [])).toMatchObject({
      token: 'temporary',
      signature_version: '2',
    });
  });

  it('is a POST with a form when its query would be too long', async () => {
    const server = await start((_, response) => answerJson(response, { ret_code: 0, instances: ['i-1'] }));
    const userdata_value = Buffer.alloc(4_096, '+ é').toString('base64');
    const answer = await open(server.url).send('RunInstances', { ...RUN, userdata_value });
    expect(answer.instances).toEqual(['i-1']);
    const [arrived] = server.arrived;
    expect(arrived?.method).toBe('POST');
    expect(arrived?.parameters.get('userdata_value')).toBe(userdata_value);
    expect(arrived?.parameters.get('signature')).not.toBeNull();
  });

  it('takes a new connection for each change, and keeps that of reads', async () => {
    const server = await start((_, response) => answerJson(response, { ret_code: 0 }));
    const client = open(server.url);
    await client.send('DescribeZones', {});
    await client.send('GetQuotaLeft', {});
    await client.send('RunInstances', RUN);
    await client.send('RunInstances', RUN);
    expect(server.arrived.map(({ connection }) => connection)).toEqual([1, 1, 2, 3]);
  });
});

describe('a request that fails', () => {
  it('is sent once, whatever happens to it', async () => {
    const server = await start(({ parameters }, response) => {
      const action = parameters.get('action');
      if (action === 'RunInstances') response.destroy();
      else answerJson(response, { ret_code: 5100, message: 'ServerBusy' });
    });
    const client = open(server.url);
    await expect(client.send('RunInstances', RUN)).rejects.toMatchObject({
      kind: 'unreachable',
      mayHaveEffect: true,
      networkCode: 'ECONNRESET',
    });
    await expect(client.send('DescribeJobs', {})).rejects.toMatchObject({
      kind: 'refused',
      retCode: 5100,
      message: 'ServerBusy',
    });
    expect(server.arrived).toHaveLength(2);
  });

  it('had no effect when nothing listens', async () => {
    const server = await startAnsweringServer(() => undefined);
    await server.close();
    await expect(open(server.url).send('RunInstances', RUN)).rejects.toMatchObject({
      kind: 'unreachable',
      mayHaveEffect: false,
      networkCode: 'ECONNREFUSED',
    });
  });

  it('may have had its effect when its answer does not come in time, or is cut', async () => {
    const server = await start(({ parameters }, response) => {
      if (parameters.get('action') !== 'StopInstances') return;
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' });
      response.write('{"ret_code":', () => response.destroy());
    });
    const client = open(server.url, { answerLimitMs: 100 });
    await expect(client.send('RunInstances', RUN)).rejects.toMatchObject({
      kind: 'unreachable',
      mayHaveEffect: true,
      networkCode: 'ETIMEDOUT',
    });
    await expect(client.send('StopInstances', { instances: ['i-1'] })).rejects.toMatchObject({
      kind: 'unreachable',
      mayHaveEffect: true,
    });
  });

  it('ends at once when it is cancelled', async () => {
    const cancel = new AbortController();
    const server = await start(() => cancel.abort(new Error('enough')));
    const { signal } = cancel;
    await expect(open(server.url).send('RunInstances', RUN, { signal })).rejects.toMatchObject({
      kind: 'cancelled',
      mayHaveEffect: true,
    });
    await expect(open(server.url).send('RunInstances', RUN, { signal })).rejects.toMatchObject({
      kind: 'cancelled',
      mayHaveEffect: false,
    });
    expect(server.arrived).toHaveLength(1);
  });

  it.each([
    ['a page of a gateway', 502, 'text/html', '<html>'],
    ['a page with status 200', 200, 'text/html', '<html>'],
    ['half an object', 200, 'application/json', '{"ret_code": 0'],
    ['an object without a ret_code', 200, 'application/json', '{}'],
    ['null', 200, 'application/json', 'null'],
  ])('is unreadable when it is answered by %s', async (_, status, type, body) => {
    const server = await start((_arrived, response) => {
      response.writeHead(status, { 'content-type': type });
      response.end(body);
    });
    await expect(open(server.url).send('DescribeJobs', {})).rejects.toMatchObject({
      kind: 'unreadable',
      mayHaveEffect: true,
    });
  });

  it('tells how far the clocks are apart', async () => {
    const server = await start((_, response) => {
      response.setHeader('date', new Date(Date.now() - 120_000).toUTCString());
      answerJson(response, { ret_code: 1300, message: 'RequestHasExpired' });
    });
    await expect(open(server.url).send('DescribeJobs', {})).rejects.toSatisfy(
      ({ clockSkewMs }: { clockSkewMs: number }) => clockSkewMs > 115_000 && clockSkewMs < 125_000,
    );
  });
});

describe('an endpoint with a certificate of its own', () => {
  let folder: string;
  let tls: { readonly key: string; readonly cert: string };
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'windlass-qingcloud-'));
    const { pem, keyFile } = makeCertificate(folder, 'cloud');
    tls = { cert: pem, key: readFileSync(keyFile, 'utf8') };
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('is used with its CA, and not without', async () => {
    const server = await start((_, response) => answerJson(response, { ret_code: 0 }), tls);
    await open(server.url, { caCertificate: tls.cert }).send('DescribeZones', {});
    await expect(open(server.url).send('DescribeZones', {})).rejects.toMatchObject({
      kind: 'unreachable',
      mayHaveEffect: false,
    });
    expect(server.arrived).toHaveLength(1);
  });

  it('is reached through a proxy, which sees neither request nor answer', async () => {
    const server = await start((_, response) => answerJson(response, { ret_code: 0 }), tls);
    const asked: string[] = [];
    const proxy = createServer();
    proxy.on('connect', (request, socket) => {
      asked.push(`${request.url} ${request.headers['proxy-authorization']}`);
      if (request.headers['proxy-authorization'] === undefined) {
        socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
        return;
      }
      const target = connect(Number(server.url.port), '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
        target.pipe(socket).pipe(target);
      });
      target.on('error', () => socket.destroy());
      socket.on('error', () => target.destroy());
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    closers.push(() => new Promise((resolve) => proxy.close(() => resolve())));
    const { port } = proxy.address() as AddressInfo;
    const caCertificate = tls.cert;
    const used = new URL(`http://user:p%20w@127.0.0.1:${port}`);
    await open(server.url, { caCertificate, proxy: used }).send('RunInstances', RUN);
    const user = Buffer.from('user:p w').toString('base64');
    expect(asked).toEqual([`${server.url.host} Basic ${user}`]);
    const anonymous = new URL(`http://127.0.0.1:${port}`);
    await expect(
      open(server.url, { caCertificate, proxy: anonymous }).send('RunInstances', RUN),
    ).rejects.toMatchObject({ kind: 'unreachable', mayHaveEffect: false });
    expect(server.arrived).toHaveLength(1);
  });
});

describe('lists', () => {
  it('are read in pages of 100, to the end', async () => {
    const all = Array.from({ length: 250 }, (_, index) => ({ instance_id: `i-${index}` }));
    const server = await start(({ parameters }, response) => {
      const [offset, limit] = ['offset', 'limit'].map((name) => Number(parameters.get(name)));
      const instance_set = all.slice(offset, (offset ?? 0) + Math.min(limit ?? 0, 100));
      answerJson(response, { ret_code: 0, instance_set, total_count: all.length });
    });
    const client = open(server.url);
    const found = await listAll(client.send, 'DescribeInstances', { search_word: 'a' });
    expect(found).toEqual(all);
    expect(server.arrived.map(({ parameters }) => parameters.get('offset'))).toEqual(['0', '100', '200']);
    for (const { parameters } of server.arrived) {
      expect(Object.fromEntries(parameters)).toMatchObject({ limit: '100', search_word: 'a' });
    }
  });

  it('end when a page is empty, and are unreadable without their list', async () => {
    const answers = [
      { ret_code: 0, total_count: 500, volume_set: [{ volume_id: 'vol-1' }] },
      { ret_code: 0, total_count: 500, volume_set: [] },
      { ret_code: 0 },
    ];
    const server = await start((_, response) => answerJson(response, answers.shift() ?? {}));
    const { send } = open(server.url);
    await expect(listAll(send, 'DescribeVolumes', {})).resolves.toEqual([{ volume_id: 'vol-1' }]);
    await expect(listAll(send, 'DescribeVolumes', {})).rejects.toMatchObject({ kind: 'unreadable' });
  });

  it('are asked for in parts of 100 ids, each id once', () => {
    const ids = Array.from({ length: 201 }, (_, index) => `i-${index}`);
    expect(toChunks([...ids, 'i-7']).map((chunk) => chunk.length)).toEqual([100, 100, 1]);
    expect(toChunks([])).toEqual([]);
  });
});

describe('states', () => {
  it.each([
    ['pending', 'working'],
    ['working', 'working'],
    ['successful', 'successful'],
    ['failed', 'failed'],
    ['done with failure', 'failed'],
    ['something new', 'unknown'],
  ])('a job that is %s is %s', (status, progress) => {
    expect(readJobProgress({ status })).toBe(progress);
  });

  it('of a resource are settled when it changes to no other', () => {
    expect(isSettled({ status: 'running', transition_status: '' }, 'running')).toBe(true);
    expect(isSettled({ status: 'running' }, 'running')).toBe(true);
    expect(isSettled({ status: 'running', transition_status: 'stopping' }, 'running')).toBe(false);
    expect(isSettled({ status: 'pending', transition_status: 'creating' }, 'running')).toBe(false);
  });
});
