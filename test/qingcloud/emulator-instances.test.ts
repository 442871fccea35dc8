import { afterEach, describe, expect, it } from 'vitest';
import {
  ask,
  closeTestClouds,
  createVolume,
  RUN,
  runInstance,
  showInstance,
  showVolume,
  startTestCloud,
  type RawParameters,
} from './emulator-kit.ts';

afterEach(closeTestClouds);

describe('jobs of the emulator', () => {
  it('are pending, then working, then successful, and their effect comes with the end', async () => {
    const cloud = await startTestCloud();
    const { instances, job_id: job } = await ask(cloud, 'RunInstances', { ...RUN, instance_name: 'n' });
    const look = async (): Promise<unknown> => {
      const { job_set: jobs } = await ask(cloud, 'DescribeJobs', { 'jobs.1': job });
      const { status, transition_status: transition, vxnets } = await showInstance(cloud, instances[0]);
      return [jobs[0].status, status, transition, vxnets[0].private_ip];
    };
    expect(await look()).toEqual(['pending', 'pending', 'creating', '']);
    cloud.advance(500);
    expect(await look()).toEqual(['working', 'pending', 'creating', '']);
    cloud.advance(600);
    expect(await look()).toEqual(['successful', 'running', '', '192.168.1.2']);
  });

  it('are listed by status and id; an unknown one is refused', async () => {
    const cloud = await startTestCloud();
    const { job_id: job } = await ask(cloud, 'RunInstances', RUN);
    const open = { 'status.1': 'pending', 'status.2': 'working' };
    const [found] = (await ask(cloud, 'DescribeJobs', open))['job_set'];
    expect(found).toMatchObject({ job_id: job, job_action: 'RunInstances', owner: expect.any(String) });
    cloud.advance(1_000);
    expect(await ask(cloud, 'DescribeJobs', open)).toMatchObject({ total_count: 0 });
    expect(await ask(cloud, 'DescribeJobs', { 'jobs.1': 'j-none' })).toMatchObject({ ret_code: 2100 });
  });

  it('take the time that is set for their action', async () => {
    const cloud = await startTestCloud({ workingMsOf: { RunInstances: 60_000 } });
    await ask(cloud, 'RunInstances', RUN);
    cloud.advance(59_000);
    expect(cloud.inspect().instances[0]?.status).toBe('pending');
    cloud.advance(2_000);
    expect(cloud.inspect().instances[0]?.status).toBe('running');
  });
});

describe('RunInstances of the emulator', () => {
  it('shows what was asked for', async () => {
    const cloud = await startTestCloud();
    const volume = await createVolume(cloud);
    const { keypair_id: pair } = await ask(cloud, 'CreateKeyPair', {
      keypair_name: 'mine',
      mode: 'user',
      public_key: 'ssh-ed25519 AAAA',
    });
    const id = await runInstance(cloud, {
      instance_name: 'cl-1 n/1',
      hostname: 'n1',
      cpu: 2,
      memory: 4_096,
      login_mode: 'keypair',
      login_keypair: pair,
      'volumes.1': volume,
      os_disk_size: 50,
      'vxnets.1': 'vxnet-inavpc01|192.168.1.77',
      need_userdata: 1,
      userdata_type: 'plain',
      userdata_value: Buffer.from('#cloud-config\n').toString('base64'),
    });
    expect(await showInstance(cloud, id)).toMatchObject({
      instance_id: expect.stringMatching(/^i-[a-z0-9]{8}$/),
      instance_name: 'cl-1 n/1',
      hostname: 'n1',
      instance_type: 'c2m4',
      instance_class: 1,
      vcpus_current: 2,
      memory_current: 4_096,
      image: { image_id: 'img-abcd1234', os_family: 'centos' },
      zone_id: 'pek3a',
      vxnets: [{ vxnet_id: 'vxnet-inavpc01', private_ip: '192.168.1.77' }],
      volume_ids: [volume],
      volumes: [{ volume_id: volume, device: '/dev/vdc', size: 20 }],
      keypair_ids: [pair],
      extra: { os_disk_size: 50 },
    });
    expect(await showVolume(cloud, volume)).toMatchObject({
      status: 'in-use',
      instance: { instance_id: id, device: '/dev/vdc' },
    });
    expect(cloud.inspect().instances[0]?.userdata).toBe('#cloud-config\n');
  });

  it('shows the device of a volume only when its job has ended', async () => {
    const cloud = await startTestCloud();
    const volume = await createVolume(cloud);
    const { instances } = await ask(cloud, 'RunInstances', { ...RUN, 'volumes.1': volume });
    expect(await showInstance(cloud, instances[0])).toMatchObject({ volumes: [] });
    expect(await showVolume(cloud, volume)).toMatchObject({
      status: 'available',
      transition_status: 'attaching',
      instance: { device: '' },
    });
  });

  const REFUSED: readonly (readonly [string, RawParameters, number])[] = [
    ['no image', { image_id: undefined }, 1100],
    ['an unknown image', { image_id: 'img-none0000' }, 2100],
    ['no login', { login_mode: undefined }, 1100],
    ['a login without its password', { login_passwd: undefined }, 1100],
    ['an unknown key pair', { login_mode: 'keypair', login_keypair: 'kp-none' }, 2100],
    ['no size', { cpu: undefined, memory: undefined }, 1100],
    ['a cpu that is not made', { cpu: 3 }, 1100],
    ['a cpu without memory', { memory: undefined }, 1100],
    ['an unknown type', { cpu: undefined, memory: undefined, instance_type: 'huge' }, 1100],
    ['an unknown class', { instance_class: 7 }, 1101],
    ['an unknown network', { 'vxnets.1': 'vxnet-none' }, 2100],
    ['an address outside of the network', { 'vxnets.1': 'vxnet-inavpc01|10.0.0.1' }, 1100],
    ['an address in the base network', { 'vxnets.1': 'vxnet-0|10.50.1.9' }, 1100],
    ['an unknown volume', { 'volumes.1': 'vol-none' }, 2100],
    ['userdata of more than 4 KB', { need_userdata: 1, userdata_value: 'QUFB'.repeat(1_366) }, 1100],
  ];

  it.each(REFUSED)('refuses %s', async (_, parameters, retCode) => {
    const cloud = await startTestCloud();
    expect(await ask(cloud, 'RunInstances', { ...RUN, ...parameters })).toMatchObject({ ret_code: retCode });
    expect(cloud.inspect().instances).toEqual([]);
  });

  it('refuses an address or a volume that another instance has', async () => {
    const cloud = await startTestCloud();
    const volume = await createVolume(cloud);
    const own = { 'vxnets.1': 'vxnet-inavpc01|192.168.1.9', 'volumes.1': volume };
    const { instances } = await ask(cloud, 'RunInstances', { ...RUN, ...own });
    const taken = await ask(cloud, 'RunInstances', { ...RUN, 'vxnets.1': own['vxnets.1'] });
    expect(taken).toMatchObject({ ret_code: 1400, message: expect.stringMatching('already in use') });
    expect(await ask(cloud, 'RunInstances', { ...RUN, 'volumes.1': volume })).toMatchObject({
      ret_code: 1400,
    });
    cloud.advance(1_000);
    expect(await ask(cloud, 'RunInstances', { ...RUN, 'volumes.1': volume })).toMatchObject({
      ret_code: 1400,
    });
    expect(cloud.inspect().instances.map(({ id }) => id)).toEqual(instances);
    const pair = { ...RUN, count: 2, 'volumes.1': await createVolume(cloud) };
    expect(await ask(cloud, 'RunInstances', pair)).toMatchObject({ ret_code: 1100 });
  });

  it('refuses a volume whose type does not fit the class, with 5600', async () => {
    const cloud = await startTestCloud();
    const volume = await createVolume(cloud, { volume_type: 100 });
    expect(await ask(cloud, 'RunInstances', { ...RUN, 'volumes.1': volume })).toMatchObject({
      ret_code: 5600,
    });
  });

  it('refuses what the quota, the room or the balance does not allow', async () => {
    const cloud = await startTestCloud({ quotas: { hp_instance: 2, hp_cpu: 10 } });
    const left = async (): Promise<unknown> =>
      (await ask(cloud, 'GetQuotaLeft', { 'resource_types.1': 'hp_instance' }))['quota_left_set'];
    expect(await left()).toEqual([{ resource_type: 'hp_instance', left: 2 }]);
    const id = await runInstance(cloud);
    expect(await left()).toEqual([{ resource_type: 'hp_instance', left: 1 }]);
    expect(await ask(cloud, 'RunInstances', { ...RUN, count: 2 })).toMatchObject({ ret_code: 2500 });
    expect(await ask(cloud, 'RunInstances', { ...RUN, cpu: 16, memory: 32_768 })).toMatchObject({
      ret_code: 2500,
    });
    expect(await ask(cloud, 'DescribeQuotas')).toMatchObject({
      quota_set: [
        { resource_type: 'hp_instance', quota: 2 },
        { resource_type: 'hp_cpu', quota: 10 },
      ],
      user_id: expect.any(String),
    });
    await ask(cloud, 'TerminateInstances', { 'instances.1': id });
    cloud.advance(1_000);
    expect(await left()).toEqual([{ resource_type: 'hp_instance', left: 2 }]);
    cloud.change({ roomForInstances: 1 });
    await runInstance(cloud);
    expect(await ask(cloud, 'RunInstances', RUN)).toMatchObject({ ret_code: 5200 });
    cloud.change({ hasBalance: false });
    expect(await ask(cloud, 'RunInstances', RUN)).toMatchObject({ ret_code: 2400 });
  });
});

describe('the states of an instance', () => {
  it('are searched by a part of the name, by status and by tag; an unknown id gives none', async () => {
    const cloud = await startTestCloud();
    const first = await runInstance(cloud, { instance_name: 'cluster-a/1' });
    await runInstance(cloud, { instance_name: 'cluster-a/12' });
    const count = async (parameters: RawParameters): Promise<unknown> =>
      (await ask(cloud, 'DescribeInstances', parameters))['total_count'];
    expect(await count({ search_word: 'cluster-a/1' })).toBe(2);
    expect(await count({ search_word: first })).toBe(1);
    expect(await count({ 'status.1': 'running' })).toBe(2);
    expect(await count({ 'status.1': 'stopped' })).toBe(0);
    expect(await count({ 'instances.1': 'i-none' })).toBe(0);
    expect(await count({ zone: 'pek3b' })).toBe(0);
    const { tag_id: tag } = await ask(cloud, 'CreateTag', { tag_name: 'windlass' });
    const pair = { tag_id: tag, resource_type: 'instance', resource_id: first };
    const pairs = Object.entries(pair).map(([name, value]) => [`resource_tag_pairs.1.${name}`, value]);
    expect(await ask(cloud, 'AttachTags', Object.fromEntries(pairs))).toMatchObject({ ret_code: 0 });
    expect(await count({ 'tags.1': tag })).toBe(1);
    expect(await showInstance(cloud, first)).toMatchObject({ tags: [{ tag_id: tag, tag_name: 'windlass' }] });
  });

  it.each([
    ['StopInstances', 'stopping', 'stopped', false],
    ['StartInstances', 'starting', 'running', true],
    ['ResizeInstances', 'updating', 'stopped', true],
    ['TerminateInstances', 'terminating', 'terminated', false],
  ])('%s goes through %s to %s', async (action, transition, status, stopped) => {
    const cloud = await startTestCloud();
    const id = await runInstance(cloud);
    const one = { 'instances.1': id };
    if (stopped) {
      await ask(cloud, 'StopInstances', one);
      cloud.advance(1_000);
    }
    const size = { cpu: 2, memory: 2_048 };
    expect(await ask(cloud, action, { ...one, ...size })).toMatchObject({ ret_code: 0 });
    expect(await showInstance(cloud, id)).toMatchObject({ transition_status: transition });
    // Nothing else before it is settled.
    for (const other of ['StopInstances', 'StartInstances', 'ResizeInstances', 'TerminateInstances']) {
      expect(await ask(cloud, other, { ...one, ...size })).toMatchObject({ ret_code: 1400 });
    }
    cloud.advance(1_000);
    const changed = action === 'ResizeInstances' ? { vcpus_current: 2, memory_current: 2_048 } : {};
    expect(await showInstance(cloud, id)).toMatchObject({ status, transition_status: '', ...changed });
  });

  it.each([
    ['StopInstances', true, 'is not running, can not be stopped'],
    ['StartInstances', false, 'is not stopped, can not be started'],
    ['ResizeInstances', false, 'is not stopped, can not be resized'],
    ['CeaseInstances', false, 'is not terminated, can not be ceased'],
  ])('%s is refused in the wrong state', async (action, stopped, words) => {
    const cloud = await startTestCloud();
    const id = await runInstance(cloud);
    if (stopped) {
      await ask(cloud, 'StopInstances', { 'instances.1': id });
      cloud.advance(1_000);
    }
    const answer = await ask(cloud, action, { 'instances.1': id, cpu: 2, memory: 2_048 });
    expect(answer).toEqual({ ret_code: 1400, message: `PermissionDenied, instance [${id}] ${words}` });
    expect(await ask(cloud, action, { 'instances.1': 'i-none', cpu: 2, memory: 2_048 })).toMatchObject({
      ret_code: 2100,
    });
  });

  it('end only when the lease is there', async () => {
    const cloud = await startTestCloud({ leaseMs: 10_000 });
    const id = await runInstance(cloud);
    const end = () => ask(cloud, 'TerminateInstances', { 'instances.1': id });
    expect(await end()).toMatchObject({
      ret_code: 1400,
      message: expect.stringMatching('lease info not ready yet, please try later'),
    });
    cloud.advance(10_000);
    expect(await end()).toMatchObject({ ret_code: 0 });
  });

  it('stay for two hours after the end, then none is left; without a recycle bin at once', async () => {
    const cloud = await startTestCloud();
    const volume = await createVolume(cloud);
    const id = await runInstance(cloud, { 'volumes.1': volume });
    await ask(cloud, 'TerminateInstances', { 'instances.1': id });
    cloud.advance(1_000);
    expect(await showInstance(cloud, id)).toMatchObject({ status: 'terminated' });
    expect(await showVolume(cloud, volume)).toMatchObject({ status: 'available', instance: {} });
    cloud.advance(2 * 3_600_000);
    expect(await showInstance(cloud, id)).toBeUndefined();
    expect(await ask(cloud, 'StartInstances', { 'instances.1': id })).toMatchObject({ ret_code: 2100 });
    expect(await ask(cloud, 'DescribeInstances', { 'status.1': 'ceased' })).toMatchObject({ total_count: 1 });
    const other = await runInstance(cloud);
    await ask(cloud, 'TerminateInstances', { 'instances.1': other, direct_cease: 1 });
    cloud.advance(1_000);
    expect(await showInstance(cloud, other)).toBeUndefined();
    const third = await runInstance(cloud);
    for (const action of ['TerminateInstances', 'CeaseInstances']) {
      expect(await ask(cloud, action, { 'instances.1': third })).toMatchObject({ ret_code: 0 });
      cloud.advance(1_000);
    }
    expect(await showInstance(cloud, third)).toBeUndefined();
  });

  it('keep a changed name', async () => {
    const cloud = await startTestCloud();
    const id = await runInstance(cloud, { instance_name: 'before' });
    await ask(cloud, 'ModifyInstanceAttributes', { instance: id, instance_name: 'after' });
    expect(await showInstance(cloud, id)).toMatchObject({ instance_name: 'after' });
  });
});
