import { createHmac } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { signRequest, toStringToSign } from '../../src/providers/qingcloud/client/sign-request.ts';
import { ask, closeTestClouds, RUN, startTestCloud, toStamp } from './emulator-kit.ts';

afterEach(closeTestClouds);

describe('the emulator, as the API on the wire', () => {
  it('answers on both paths, by GET and by POST', async () => {
    const cloud = await startTestCloud();
    for (const path of ['/iaas', '/iaas/']) {
      for (const method of ['GET', 'POST'] as const) {
        const answer = await ask(cloud, 'DescribeZones', { search_word: 'a b+c/é' }, { path, method });
        expect(answer).toMatchObject({ action: 'DescribeZonesResponse', ret_code: 0 });
      }
    }
    const answer = await fetch(new URL('/other', cloud.url));
    expect(answer.status).toBe(404);
    expect(answer.headers.get('content-type')).toBe('text/html');
  });

  it('answers errors with HTTP 200, a code and a sentence', async () => {
    const cloud = await startTestCloud();
    const answer = await fetch(cloud.url);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
    expect(await answer.json()).toEqual({
      ret_code: 1100,
      message: 'InvalidRequestParameter, parameter [action] is missing',
    });
  });

  it('refuses a wrong secret, an unknown key and a changed request with 1200', async () => {
    const cloud = await startTestCloud();
    expect(await ask(cloud, 'DescribeZones', {}, { secret: 'wrong' })).toMatchObject({ ret_code: 1200 });
    expect(await ask(cloud, 'DescribeZones', { access_key_id: 'QYNONE' })).toMatchObject({ ret_code: 1200 });
    // Signed for one path, sent to the other.
    const parameters = { time_stamp: toStamp(cloud.nowMs()), action: 'DescribeZones', zone: 'pek3a' };
    const key = { access_key_id: 'QYACCESSKEYIDEXAMPLE', signature_method: 'HmacSHA256' };
    const flat = { ...parameters, ...key, signature_version: '1' };
    const signature = signRequest({ method: 'GET', path: '/iaas' }, flat, 'SECRETACCESSKEY');
    const query = new URLSearchParams({ ...flat, signature });
    const changed = await fetch(new URL(`?${String(query)}`, cloud.url));
    expect((await changed.json()) as object).toMatchObject({ ret_code: 1200 });
  });

  it('checks HmacSHA1 too, and knows no other method', async () => {
    const cloud = await startTestCloud();
    const parameters = {
      action: 'DescribeZones',
      access_key_id: 'QYACCESSKEYIDEXAMPLE',
      zone: 'pek3a',
      time_stamp: toStamp(cloud.nowMs()),
      signature_method: 'HmacSHA1',
      signature_version: '1',
    };
    const send = async (hash: string): Promise<unknown> => {
      const text = toStringToSign({ method: 'GET', path: '/iaas/' }, parameters);
      const signature = createHmac(hash, 'SECRETACCESSKEY').update(text).digest('base64');
      const query = new URLSearchParams({ ...parameters, signature });
      return (await fetch(new URL(`?${String(query)}`, cloud.url))).json();
    };
    expect(await send('sha1')).toMatchObject({ ret_code: 0 });
    expect(await send('sha256')).toMatchObject({ ret_code: 1200 });
    expect(await ask(cloud, 'DescribeZones', { signature_method: 'HmacMD5' })).toMatchObject({
      ret_code: 1100,
    });
  });

  it('takes temporary keys on the path of IAM, with their token and the second version', async () => {
    const cloud = await startTestCloud({ tokens: { QYACCESSKEYIDEXAMPLE: 'temporary' } });
    const given = { token: 'temporary', signature_version: 2 };
    const iam = { path: '/iam/' };
    expect(await ask(cloud, 'DescribeZones', given, iam)).toMatchObject({ ret_code: 0 });
    expect(await ask(cloud, 'DescribeZones', { ...given, token: 'other' }, iam)).toMatchObject({
      ret_code: 1200,
    });
    expect(await ask(cloud, 'DescribeZones')).toMatchObject({ ret_code: 1200 });
  });

  it('refuses a time stamp that is older than 60 seconds', async () => {
    const cloud = await startTestCloud();
    const at = (ageMs: number) => ask(cloud, 'DescribeZones', { time_stamp: toStamp(cloud.nowMs() - ageMs) });
    expect(await at(50_000)).toMatchObject({ ret_code: 0 });
    expect(await at(62_000)).toMatchObject({ ret_code: 1300 });
    cloud.advance(3_600_000);
    expect(await ask(cloud, 'DescribeZones', { time_stamp: toStamp(Date.now()) })).toMatchObject({
      ret_code: 1300,
    });
  });

  it('refuses a request after its expires, and makes nothing', async () => {
    const cloud = await startTestCloud();
    const now = cloud.nowMs();
    const late = await ask(cloud, 'RunInstances', { ...RUN, expires: toStamp(now - 2_000) });
    expect(late).toMatchObject({ ret_code: 1300 });
    expect(cloud.inspect().instances).toEqual([]);
    const early = await ask(cloud, 'RunInstances', { ...RUN, expires: toStamp(now + 10_000) });
    expect(early).toMatchObject({ ret_code: 0 });
  });

  it.each([
    ['no zone', 'DescribeZones', { zone: undefined }, 1100],
    ['an unknown zone', 'DescribeZones', { zone: 'mars1' }, 1100],
    ['a zone with a fault', 'DescribeZones', { zone: 'sh1a' }, 1400],
    ['an unknown action', 'MakeCoffee', {}, 1101],
    ['a name of every object', 'toString', {}, 1101],
    ['a time that is none', 'DescribeZones', { time_stamp: 'now' }, 1100],
  ])('refuses %s', async (_, action, parameters, retCode) => {
    expect(await ask(await startTestCloud(), action, parameters)).toMatchObject({ ret_code: retCode });
  });

  it('cuts pages to 100, and has 20 by default', async () => {
    const cloud = await startTestCloud();
    await ask(cloud, 'RunInstances', { ...RUN, count: 130 });
    const count = async (parameters: Record<string, number>): Promise<unknown> => {
      const { instance_set: set, total_count: total } = await ask(cloud, 'DescribeInstances', parameters);
      return [set.length, total];
    };
    expect(await count({})).toEqual([20, 130]);
    expect(await count({ limit: 1_000 })).toEqual([100, 130]);
    expect(await count({ limit: 100, offset: 100 })).toEqual([30, 130]);
  });

  it('refuses calls beyond the rate with 2500, until an hour has passed', async () => {
    const cloud = await startTestCloud({ callsPerHour: 3 });
    const codes = [];
    for (let call = 0; call < 4; call += 1) codes.push((await ask(cloud, 'DescribeZones'))['ret_code']);
    expect(codes).toEqual([0, 0, 0, 2500]);
    cloud.advance(3_600_001);
    expect(await ask(cloud, 'DescribeZones')).toMatchObject({ ret_code: 0 });
  });

  it('logs every request with what it made', async () => {
    const cloud = await startTestCloud();
    const { instances } = await ask(cloud, 'RunInstances', { ...RUN, req_id: 'a1' });
    await ask(cloud, 'DescribeInstances');
    await ask(cloud, 'StopInstances', { 'instances.1': 'i-none' });
    expect(cloud.inspect().log).toMatchObject([
      { action: 'RunInstances', retCode: 0, effect: instances, requestId: 'a1' },
      { action: 'DescribeInstances', retCode: 0, effect: [] },
      { action: 'StopInstances', retCode: 2100, effect: [] },
    ]);
  });
});
