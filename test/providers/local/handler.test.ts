import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WindlassError } from '../../../src/domain/index.ts';
import { createNodeShell } from '../../../src/nodes/index.ts';
import type { Changes, HandleResult } from '../../../src/provider/index.ts';
import { createLocalHandler, type LocalCloud } from '../../../src/providers/local/index.ts';
import { createTestEffectCall, createTestObserveCall } from '../../kit/test-calls.ts';
import { createNodeContext } from './context-kit.ts';
import { createTestCloud, type LocalCloudKit } from './cloud-kit.ts';

let kit: LocalCloudKit;
beforeEach(async () => {
  kit = await createTestCloud();
});
afterEach(() => kit.end());

const handlerOf = (cloud: LocalCloud = kit.cloud) => createLocalHandler({ folder: cloud.folder, cloud });

describe('the handler', () => {
  it('takes a node through its whole life, every call twice', async () => {
    const handler = handlerOf();
    const context = createNodeContext(kit, { volumes: 2 });
    const effect = createTestEffectCall();
    const look = createTestObserveCall({ watchMs: 15_000 });
    const twice = async (handle: () => Promise<HandleResult>): Promise<Changes> => {
      await handle();
      return (await handle()).changes ?? {};
    };
    context.merge(await twice(() => handler.createVolumes(context.value, effect)));
    const made = (await kit.cloud.listVolumes()).map(({ id }) => id);
    expect(context.value.node.volumes.map(({ volumeId }) => volumeId).sort()).toEqual(made);
    context.merge(await twice(() => handler.runInstances(context.value, effect)));
    const ran = await handler.waitRunInstances(context.value, look);
    expect(ran.state).toBe('done');
    if (ran.state === 'done') context.merge(ran.changes ?? {});
    expect(context.value.node).toMatchObject({ status: 'active', ssh: { port: 2222 } });
    context.merge(await twice(() => handler.attachVolumes(context.value, effect)));
    expect(context.value.node.volumes.map(({ device }) => device)).toEqual(['/dev/vdb', '/dev/vdc']);

    const shell = createNodeShell();
    const [instance] = await kit.cloud.listInstances();
    if (instance === undefined) throw new Error('no instance');
    await shell.run(kit.toTarget(instance), 'echo data > dev/vdc/file', look.signal);
    await shell.close();

    await expect(handler.resizeInstances(context.value, effect)).resolves.toMatchObject({ state: 'done' });
    context.merge(await twice(() => handler.stopInstances(context.value, effect)));
    expect(await handler.waitStopInstances(context.value, look)).toMatchObject({ state: 'done' });
    expect(await kit.cloud.listProcesses()).toEqual([]);
    context.merge(await twice(() => handler.detachVolumes(context.value, effect)));
    expect(context.value.node.volumes.map(({ device }) => device)).toEqual(['', '']);
    context.merge(await twice(() => handler.attachVolumes(context.value, effect)));
    await twice(() => handler.startInstances(context.value, effect));
    expect(await handler.waitStartInstances(context.value, look)).toMatchObject({ state: 'done' });
    await twice(() => handler.deleteInstances(context.value, effect));
    const deleted = await handler.waitDeleteInstances(context.value, look);
    expect(deleted).toMatchObject({ state: 'done', changes: { node: { status: 'deleted' } } });
    context.merge(await twice(() => handler.deleteVolumes(context.value, effect)));
    expect(await kit.cloud.listInstances()).toEqual([]);
    expect(await kit.cloud.listVolumes()).toEqual([]);
    expect(await kit.cloud.listProcesses()).toEqual([]);
    expect(await kit.cloud.countAddresses()).toBe(0);
  });

  it('makes one instance and one machine when two workers run it at once', async () => {
    const context = createNodeContext(kit);
    const handlers = [handlerOf(), handlerOf(), handlerOf()];
    await Promise.all(handlers.map((handler) => handler.runInstances(context.value, createTestEffectCall())));
    expect(
      await handlerOf().waitRunInstances(context.value, createTestObserveCall({ watchMs: 15_000 })),
    ).toMatchObject({
      state: 'done',
    });
    const [instance, ...others] = await kit.cloud.listInstances();
    expect(others).toEqual([]);
    await expect
      .poll(async () => (await kit.cloud.listProcesses()).map(({ pid }) => pid))
      .toEqual([instance?.pid]);
  });

  it('asks before and reports after each effect, with the token, in order; an adopted one is no effect', async () => {
    const context = createNodeContext(kit);
    const effect = createTestEffectCall();
    await handlerOf().runInstances(context.value, effect);
    const token = context.value.resources['instance']?.token ?? '';
    expect(effect.steps).toEqual([`before ${token}`, `after ${token}`, `before ${token}`, `after ${token}`]);
    await handlerOf().waitRunInstances(context.value, createTestObserveCall({ watchMs: 15_000 }));
    const again = createTestEffectCall();
    await handlerOf().runInstances(context.value, again);
    expect(again.steps).toEqual([]);
  });

  it('does nothing once its lease is lost', async () => {
    const context = createNodeContext(kit, { volumes: 1 });
    const lost = createTestEffectCall({
      assertHeld: () => Promise.reject(new WindlassError('conflict', 'lost', { code: 'LEASE_LOST' })),
    });
    await expect(handlerOf().runInstances(context.value, lost)).rejects.toMatchObject({ code: 'LEASE_LOST' });
    await expect(handlerOf().createVolumes(context.value, lost)).rejects.toMatchObject({
      code: 'LEASE_LOST',
    });
    expect(await kit.cloud.listInstances()).toEqual([]);
    expect(await kit.cloud.listVolumes()).toEqual([]);
  });

  it('goes on where a worker died, after whichever effect', async () => {
    const context = createNodeContext(kit);
    for (const dies of [1, 2]) {
      let effects = 0;
      const dying = createTestEffectCall({
        afterEffect: () => {
          effects += 1;
          return effects === dies ? Promise.reject(new Error('the worker died')) : Promise.resolve();
        },
      });
      await handlerOf()
        .runInstances(context.value, dying)
        .catch(() => undefined);
    }
    await handlerOf().runInstances(context.value, createTestEffectCall());
    expect(
      await handlerOf().waitRunInstances(context.value, createTestObserveCall({ watchMs: 15_000 })),
    ).toMatchObject({
      state: 'done',
    });
    expect(await kit.cloud.listInstances()).toHaveLength(1);
  });

  it('starts nothing that is gone, and says which', async () => {
    const context = createNodeContext(kit);
    await expect(handlerOf().startInstances(context.value, createTestEffectCall())).rejects.toMatchObject({
      kind: 'not-found',
      code: 'INSTANCE_NOT_FOUND',
    });
  });

  it('refuses to resize what runs, and to shrink a volume', async () => {
    const context = createNodeContext(kit, { volumes: 1 });
    const effect = createTestEffectCall();
    await handlerOf().createVolumes(context.value, effect);
    await handlerOf().runInstances(context.value, effect);
    const larger = createNodeContext(kit, { volumes: 1, cpu: 8, sizeGiB: 0.5 });
    await expect(handlerOf().resizeInstances(larger.value, effect)).rejects.toMatchObject({
      code: 'INSTANCE_RUNNING',
    });
    await expect(handlerOf().resizeVolumes(larger.value, effect)).rejects.toMatchObject({
      code: 'VOLUME_SHRINK',
    });
  });

  it('stops looking when it is cancelled', async () => {
    const context = createNodeContext(kit, { settings: { bootDelayMs: '20000' } });
    await handlerOf().runInstances(context.value, createTestEffectCall());
    const controller = new AbortController();
    const look = handlerOf().waitRunInstances(context.value, {
      ...createTestObserveCall({ watchMs: 15_000 }),
      signal: controller.signal,
    });
    controller.abort();
    await expect(look).rejects.toMatchObject({ kind: 'cancelled' });
    expect(await handlerOf().waitRunInstances(context.value, createTestObserveCall())).toMatchObject({
      state: 'pending',
      seen: expect.stringContaining('booting'),
    });
  });

  it('makes nothing in a zone that there is not', async () => {
    const context = createNodeContext(kit, { settings: { zones: 'here,there' } });
    await expect(handlerOf().runInstances(context.value, createTestEffectCall())).rejects.toMatchObject({
      kind: 'invalid-input',
      field: 'zone',
    });
  });
});
