import { afterEach, describe, expect, it } from 'vitest';
import {
  ask,
  closeTestClouds,
  createVolume,
  runInstance,
  showInstance,
  showVolume,
  startTestCloud,
  type RawParameters,
} from './emulator-kit.ts';

afterEach(closeTestClouds);

describe('volumes of the emulator', () => {
  it('are created, attached, detached, resized and deleted by jobs', async () => {
    const cloud = await startTestCloud();
    const { volumes } = await ask(cloud, 'CreateVolumes', { size: 20, volume_type: 3, volume_name: 'data' });
    const [volume] = volumes;
    const look = async (): Promise<unknown> => {
      const { status, transition_status: transition, size } = await showVolume(cloud, volume);
      return [status, transition, size];
    };
    expect(await look()).toEqual(['pending', 'creating', 20]);
    cloud.advance(1_000);
    expect(await look()).toEqual(['available', '', 20]);
    expect(await showVolume(cloud, volume)).toMatchObject({ volume_name: 'data', volume_type: 3 });
    const instance = await runInstance(cloud);
    const steps: readonly (readonly [string, RawParameters, unknown, unknown])[] = [
      ['AttachVolumes', { instance }, ['available', 'attaching', 20], ['in-use', '', 20]],
      ['DetachVolumes', { instance }, ['in-use', 'detaching', 20], ['available', '', 20]],
      ['ResizeVolumes', { size: 30 }, ['available', 'updating', 20], ['available', '', 30]],
      ['DeleteVolumes', {}, ['available', 'deleting', 30], ['deleted', '', 30]],
    ];
    for (const [action, parameters, during, after] of steps) {
      const answer = await ask(cloud, action, { 'volumes.1': volume, ...parameters });
      expect(answer).toMatchObject({ ret_code: 0, job_id: expect.stringMatching(/^j-/) });
      expect(await look()).toEqual(during);
      cloud.advance(1_000);
      expect(await look()).toEqual(after);
    }
  });

  it('get devices one after the other, and again those that are free', async () => {
    const cloud = await startTestCloud();
    const instance = await runInstance(cloud);
    const [first, second] = [await createVolume(cloud), await createVolume(cloud)];
    const change = async (action: string, volume: string): Promise<unknown> => {
      await ask(cloud, action, { 'volumes.1': volume, instance });
      cloud.advance(1_000);
      return (await showVolume(cloud, volume))['instance'].device;
    };
    expect(await change('AttachVolumes', first)).toBe('/dev/vdc');
    expect(await change('AttachVolumes', second)).toBe('/dev/vdd');
    expect(await change('DetachVolumes', first)).toBeUndefined();
    expect(await change('AttachVolumes', first)).toBe('/dev/vdc');
    expect((await showInstance(cloud, instance))['volumes']).toHaveLength(2);
  });

  it.each([
    ['no size', {}, 1100],
    ['a size that is no multiple of ten', { size: 25 }, 1100],
    ['a size below the least', { size: 10 }, 1100],
    ['a type that is not made', { size: 20, volume_type: 9 }, 5600],
  ])('refuses %s', async (_, parameters, retCode) => {
    const cloud = await startTestCloud();
    expect(await ask(cloud, 'CreateVolumes', parameters)).toMatchObject({ ret_code: retCode });
    expect(cloud.inspect().volumes).toEqual([]);
  });

  it('rounds a size up where it is asked to, and keeps to the quota', async () => {
    const cloud = await startTestCloud({ quotas: { hpp_volume: 2, hpp_volume_size: 60 } });
    const volume = await createVolume(cloud, { size: 25, round_up: 1 });
    expect(await showVolume(cloud, volume)).toMatchObject({ size: 30 });
    expect(await ask(cloud, 'CreateVolumes', { size: 40, volume_type: 3 })).toMatchObject({ ret_code: 2500 });
    expect(await ask(cloud, 'CreateVolumes', { size: 20, volume_type: 3, count: 2 })).toMatchObject({
      ret_code: 2500,
    });
    expect(await ask(cloud, 'ResizeVolumes', { 'volumes.1': volume, size: 70 })).toMatchObject({
      ret_code: 2500,
    });
  });

  it('are refused in the wrong state, and where they do not fit', async () => {
    const cloud = await startTestCloud({ leaseMs: 10_000 });
    const [instance, other] = [await runInstance(cloud), await runInstance(cloud)];
    const volume = await createVolume(cloud);
    const one = { 'volumes.1': volume };
    const code = async (action: string, parameters: RawParameters = {}): Promise<unknown> =>
      (await ask(cloud, action, { ...one, ...parameters }))['ret_code'];
    expect(await ask(cloud, 'DeleteVolumes', one)).toMatchObject({
      message: expect.stringMatching('lease info not ready yet'),
    });
    expect(await code('DetachVolumes', { instance })).toBe(1400);
    expect(await code('ResizeVolumes', { size: 20 })).toBe(1400);
    expect(await code('AttachVolumes', { instance: 'i-none' })).toBe(2100);
    expect(await code('AttachVolumes', { instance })).toBe(0);
    cloud.advance(1_000);
    expect(await ask(cloud, 'DetachVolumes', { ...one, instance })).toMatchObject({
      message: expect.stringMatching('lease info not ready yet'),
    });
    cloud.advance(10_000);
    expect(await code('AttachVolumes', { instance: other })).toBe(1400);
    expect(await code('DetachVolumes', { instance: other })).toBe(1400);
    expect(await code('ResizeVolumes', { size: 40 })).toBe(1400);
    expect(await code('DeleteVolumes')).toBe(1400);
    const basic = await createVolume(cloud, { volume_type: 100 });
    expect(await code('AttachVolumes', { 'volumes.1': basic, instance })).toBe(5600);
  });

  it('are listed by name, type, status and instance; an unknown id is refused', async () => {
    const cloud = await startTestCloud();
    const instance = await runInstance(cloud);
    const volume = await createVolume(cloud, { volume_name: 'cl-1-data' });
    await createVolume(cloud, { volume_type: 2 });
    await ask(cloud, 'AttachVolumes', { 'volumes.1': volume, instance });
    cloud.advance(1_000);
    const filters: readonly RawParameters[] = [
      { search_word: 'cl-1' },
      { volume_type: 3 },
      { 'status.1': 'in-use' },
      { instance_id: instance },
      { 'volumes.1': volume },
    ];
    for (const filter of filters) {
      const { volume_set: found } = await ask(cloud, 'DescribeVolumes', filter);
      expect(found.map((one: { volume_id: string }) => one.volume_id)).toEqual([volume]);
    }
    expect(await ask(cloud, 'DescribeVolumes', { 'volumes.1': 'vol-none' })).toMatchObject({
      ret_code: 2100,
    });
  });

  it('can be recovered for two hours', async () => {
    const cloud = await startTestCloud();
    const volume = await createVolume(cloud);
    await ask(cloud, 'DeleteVolumes', { 'volumes.1': volume });
    cloud.advance(3_600_000);
    expect(await showVolume(cloud, volume)).toMatchObject({ status: 'deleted' });
    cloud.advance(3_700_000);
    expect(await ask(cloud, 'DescribeVolumes', { 'volumes.1': volume })).toMatchObject({ total_count: 0 });
    expect(await ask(cloud, 'DeleteVolumes', { 'volumes.1': volume })).toMatchObject({ ret_code: 2100 });
  });
});

describe('networks and the account', () => {
  it('shows networks with their router, and the addresses that are left', async () => {
    const cloud = await startTestCloud();
    const id = await runInstance(cloud);
    const { vxnet_set: found } = await ask(cloud, 'DescribeVxnets', {
      'vxnets.1': 'vxnet-inavpc01',
      verbose: 1,
    });
    expect(found).toMatchObject([
      {
        vxnet_id: 'vxnet-inavpc01',
        vxnet_type: 1,
        vpc_router_id: 'rtr-witheip1',
        available_ip_count: 252,
        instance_ids: [id],
        router: { router_id: 'rtr-witheip1', ip_network: '192.168.1.0/24', manager_ip: '192.168.1.1' },
      },
    ]);
    expect(await ask(cloud, 'DescribeVxnets', { vxnet_type: 0 })).toMatchObject({ total_count: 1 });
    expect(await ask(cloud, 'DescribeVxnets', { 'vxnets.1': 'vxnet-none' })).toMatchObject({
      total_count: 0,
    });
  });

  it('shows routers with their address; an unknown one is refused', async () => {
    const cloud = await startTestCloud();
    const { router_set: all } = await ask(cloud, 'DescribeRouters', { verbose: 1 });
    expect(all).toMatchObject([
      {
        router_id: 'rtr-witheip1',
        status: 'active',
        transition_status: '',
        vpc_network: '192.168.0.0/16',
        eip: { eip_addr: '203.0.113.10' },
        vxnets: [{ vxnet_id: 'vxnet-inavpc01' }],
      },
      { router_id: 'rtr-noeip001', eip: {} },
    ]);
    expect(await ask(cloud, 'DescribeRouters', { vxnet: 'vxnet-noeip001' })).toMatchObject({
      router_set: [{ router_id: 'rtr-noeip001' }],
    });
    expect(await ask(cloud, 'DescribeRouters', { 'routers.1': 'rtr-none' })).toMatchObject({
      ret_code: 2100,
    });
  });

  it('shows zones and access keys by their status', async () => {
    const cloud = await startTestCloud();
    expect(await ask(cloud, 'DescribeZones', { 'status.1': 'active' })).toMatchObject({
      zone_set: [
        { zone_id: 'pek3a', status: 'active' },
        { zone_id: 'pek3b', status: 'active' },
      ],
    });
    expect(await ask(cloud, 'DescribeAccessKeys', { 'status.1': 'active' })).toMatchObject({
      access_key_set: [{ access_key_id: 'QYACCESSKEYIDEXAMPLE', status: 'active', ip_white_list: '' }],
    });
  });

  it('creates, attaches, detaches and deletes key pairs', async () => {
    const cloud = await startTestCloud();
    const id = await runInstance(cloud);
    const made = await ask(cloud, 'CreateKeyPair', { keypair_name: 'made', mode: 'system' });
    expect(made).toMatchObject({
      keypair_id: expect.stringMatching(/^kp-/),
      private_key: expect.any(String),
    });
    const both = { 'keypairs.1': made['keypair_id'], 'instances.1': id };
    expect(await ask(cloud, 'AttachKeyPairs', both)).toMatchObject({
      ret_code: 0,
      job_id: expect.any(String),
    });
    expect(await showInstance(cloud, id)).toMatchObject({ keypair_ids: [made['keypair_id']] });
    expect(await ask(cloud, 'DeleteKeyPairs', both)).toMatchObject({ ret_code: 1400 });
    await ask(cloud, 'DetachKeyPairs', both);
    expect(await ask(cloud, 'DescribeKeyPairs', { search_word: 'ma' })).toMatchObject({
      keypair_set: [{ keypair_name: 'made', instance_ids: [] }],
    });
    expect(await ask(cloud, 'DeleteKeyPairs', both)).toMatchObject({ keypairs: [made['keypair_id']] });
    expect(await ask(cloud, 'DescribeKeyPairs')).toMatchObject({ total_count: 0 });
    expect(await ask(cloud, 'CreateKeyPair', { mode: 'user' })).toMatchObject({ ret_code: 1100 });
  });

  it('takes each name of a tag once, shorter than 15 characters', async () => {
    const cloud = await startTestCloud();
    expect(await ask(cloud, 'CreateTag', { tag_name: 'fourteen-chars' })).toMatchObject({
      tag_id: expect.stringMatching(/^tag-/),
    });
    expect(await ask(cloud, 'CreateTag', { tag_name: 'fourteen-chars' })).toMatchObject({ ret_code: 2110 });
    expect(await ask(cloud, 'CreateTag', { tag_name: 'fifteen-chars-x' })).toMatchObject({ ret_code: 1100 });
    const unknown = { tag_id: 'tag-none', resource_type: 'instance', resource_id: 'i-none' };
    const pairs = Object.entries(unknown).map(([name, value]) => [`resource_tag_pairs.1.${name}`, value]);
    expect(await ask(cloud, 'AttachTags', Object.fromEntries(pairs))).toMatchObject({ ret_code: 2100 });
  });
});
