import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TaskAction } from '../../src/domain/index.ts';
import { toClientToken } from '../../src/providers/aws/cloud/tags.ts';
import type { Bench } from '../../src/conformance/bench.ts';
import { createAwsHarness, listResources, type AwsHarness } from '../conformance/aws-harness.ts';
import { openAwsBench } from './provider-kit.ts';
import { createTestCall } from '../kit/test-calls.ts';

const START_LIMIT_MS = 120_000;

describe('what aws makes', () => {
  let harness: AwsHarness;
  beforeAll(async () => {
    harness = await createAwsHarness();
  }, START_LIMIT_MS);
  afterAll(() => harness.dispose());

  const run = async (bench: Bench, ...actions: readonly TaskAction[]): Promise<void> => {
    for (const action of actions) await bench.engine.run(bench.task(action));
  };
  const findInstance = async (bench: Bench) => {
    const { instances } = await harness.moto.resources();
    return instances.find(
      ({ tags, state }) =>
        tags['windlass:node'] === bench.node.nodeId && ['pending', 'running'].includes(state),
    );
  };

  it('is asked for under a client token of its ledger row, and by no token of the SDK', async () => {
    const bench = await openAwsBench(harness);
    await run(bench, 'RunInstances');
    const [row] = bench.engine.ledger.listLive();
    expect((await findInstance(bench))?.clientToken).toBe(toClientToken(row?.token ?? ''));
    await bench.deleteAll();
  });

  it('is locked down and labelled: IMDSv2 alone, encrypted disks, tags on instance and disks', async () => {
    const bench = await openAwsBench(harness);
    await run(bench, 'CreateVolumes', 'RunInstances', 'AttachVolumes');
    const { volumes } = await harness.moto.resources();
    const instance = await findInstance(bench);
    expect(instance?.httpTokens).toBe('required');
    const own = volumes.filter(({ tags }) => tags['windlass:node'] === bench.node.nodeId);
    expect(own.map(({ root, encrypted, volumeType }) => ({ root, encrypted, volumeType }))).toEqual(
      expect.arrayContaining([
        { root: true, encrypted: true, volumeType: 'gp3' },
        { root: false, encrypted: true, volumeType: 'gp3' },
      ]),
    );
    expect(own).toHaveLength(3);
    expect(own.find(({ root }) => root)?.tags).not.toHaveProperty('windlass:token');
    const userData = Buffer.from(instance?.userData ?? '', 'base64').toString();
    expect(userData).toMatch(/^#cloud-config\n/);
    expect(userData).toContain('ssh_keys:');
    await bench.deleteAll();
  });

  it('keeps the device name of a volume over stop and start', async () => {
    const bench = await openAwsBench(harness);
    const names = () =>
      bench.engine.ledger
        .listLive()
        .filter(({ kind }) => kind.startsWith('volume-'))
        .map(({ kind, attributes }) => `${kind} ${attributes['device']}`)
        .sort();
    await run(bench, 'CreateVolumes', 'RunInstances', 'AttachVolumes');
    const before = names();
    expect(before).toEqual(['volume-0 /dev/sdf', 'volume-1 /dev/sdg']);
    await run(bench, 'StopInstances', 'DetachVolumes', 'AttachVolumes', 'StartInstances');
    expect(names()).toEqual(before);
    await bench.deleteAll();
  });

  it('is made once more, under the next generation, when it has died behind its token, and not a third time', async () => {
    const bench = await openAwsBench(harness);
    const task = bench.task('RunInstances');
    await harness.moto.change({ visibleAfterMs: 0 });
    const destroy = async (): Promise<void> => {
      await harness.moto.destroyInstance((await findInstance(bench))?.instanceId ?? '');
    };
    await bench.engine.handle(task, { answerLost: true });
    await destroy();
    await bench.engine.run(task);
    const [row] = bench.engine.ledger.listLive();
    expect(row).toMatchObject({ generation: 2, state: 'made' });
    expect((await findInstance(bench))?.tags['windlass:token']).toBe(row?.token);
    await destroy();
    await expect(bench.engine.run(task)).rejects.toMatchObject({ kind: 'conflict', code: 'INSTANCE_DIED' });
    await harness.moto.change({ visibleAfterMs: 60 });
    await bench.deleteAll();
  });

  it('is adopted although its request would be another now', async () => {
    const bench = await openAwsBench(harness);
    const task = bench.task('RunInstances');
    await bench.engine.handle(task, { answerLost: true });
    bench.engine.setRuntime({
      ...harness.runtime,
      settings: { ...harness.runtime.settings, instanceTypes: 'm5.large' },
    });
    await bench.engine.run(task);
    expect(await bench.list()).toHaveLength(1);
    await bench.deleteAll();
  });

  it('is waited for when the token was used and AWS does not show by whom: IdempotentParameterMismatch', async () => {
    const bench = await openAwsBench(harness);
    await harness.moto.change({ visibleAfterMs: 60_000 });
    const task = bench.task('RunInstances');
    await bench.engine.handle(task, { answerLost: true });
    bench.engine.setRuntime({
      ...harness.runtime,
      settings: { ...harness.runtime.settings, instanceTypes: 'm5.large' },
    });
    const running = bench.engine.run(task);
    await expect
      .poll(async () => (await harness.moto.requests()).map(({ errorCode }) => errorCode))
      .toContain('IdempotentParameterMismatch');
    await harness.moto.change({ visibleAfterMs: 60 });
    await running;
    expect(await bench.list()).toHaveLength(1);
    await bench.deleteAll();
  });

  it('has volumes that AWS changes once in six hours', async () => {
    const bench = await openAwsBench(harness);
    await run(bench, 'CreateVolumes', 'ResizeVolumes');
    const again = bench.task('ResizeVolumes');
    if (again.task.action !== 'ResizeVolumes') throw new Error(again.task.action);
    const volumes = again.task.directive.volumes.map((volume) => ({
      ...volume,
      sizeGiB: volume.sizeGiB * 2,
    }));
    const larger = bench.engine.toTask({ ...again.task, directive: { volumes } });
    await expect(bench.engine.run(larger)).rejects.toMatchObject({
      kind: 'conflict',
      code: 'AWS_VOLUME_COOLDOWN',
      hint: expect.stringMatching(/after \d{4}-\d\d-\d\dT/) as string,
    });
    await bench.deleteAll();
  });

  it('is searched only if it may exist already: not by the first attempt that claims it, by the next', async () => {
    const bench = await openAwsBench(harness);
    const countLooks = async (): Promise<number> =>
      (await harness.moto.requests()).filter(({ operation }) =>
        ['DescribeInstances', 'DescribeVolumes'].includes(operation),
      ).length;
    for (const action of ['CreateVolumes', 'RunInstances', 'AttachVolumes'] as const) {
      const task = bench.task(action);
      await harness.moto.forgetRequests();
      await bench.engine.handle(task, { answerLost: true });
      expect(await countLooks(), `${action}, first`).toBe(0);
      await bench.engine.handle(task);
      expect(await countLooks(), `${action}, next`).toBeGreaterThan(0);
      await bench.engine.run(task);
    }
    expect(await bench.list()).toHaveLength(3);
    await bench.deleteAll();
  });

  it('is looked at together: a hundred waits cost a request or two', async () => {
    const bench = await openAwsBench(harness);
    await run(bench, 'RunInstances');
    await harness.moto.forgetRequests();
    const task = bench.task('RunInstances');
    await Promise.all(Array.from({ length: 100 }, () => bench.engine.poll(task)));
    const reads = (await harness.moto.requests()).filter(
      ({ operation }) => operation === 'DescribeInstances',
    );
    expect(reads.length).toBeGreaterThan(0);
    expect(reads.length).toBeLessThanOrEqual(2);
    await bench.deleteAll();
  });

  it('takes an address of its subnet, which is free again afterwards', async () => {
    const free = async (): Promise<number> => {
      const { runtime, credential, provider } = harness;
      const subnets = await provider.describeSubnets({ runtime, credential }, createTestCall());
      return subnets.find(({ subnetId }) => subnetId === runtime.settings['subnet'])?.freeAddresses ?? 0;
    };
    const bench = await openAwsBench(harness);
    const before = await free();
    await run(bench, 'RunInstances');
    expect(await free()).toBe(before - 1);
    await bench.deleteAll();
    expect(await free()).toBe(before);
  });

  it('has the address that the conf asks for, and says which it was when that is taken', async () => {
    const bench = await openAwsBench(harness);
    const { task } = bench.task('RunInstances');
    if (task.action !== 'RunInstances') throw new Error(task.action);
    const ask = (privateIp: string) =>
      bench.engine.toTask({ ...task, directive: { ...task.directive, privateIp } });
    await bench.engine.run(ask('127.77.1.200'));
    expect((await findInstance(bench))?.privateIpAddress).toBe('127.77.1.200');
    const other = await openAwsBench(harness);
    const { task: second } = other.task('RunInstances');
    if (second.action !== 'RunInstances') throw new Error(second.action);
    const taken = other.engine.toTask({
      ...second,
      directive: { ...second.directive, privateIp: '127.77.1.200' },
    });
    await expect(other.engine.run(taken)).rejects.toMatchObject({ kind: 'conflict', field: 'privateIp' });
    await bench.deleteAll();
    await other.deleteAll();
  });

  it('leaves nothing in EC2 when all of it was deleted', async () => {
    expect(await listResources(harness.moto)).toEqual([]);
  });
});
