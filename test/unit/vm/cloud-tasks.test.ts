import { beforeEach, describe, expect, it } from 'vitest';
import { WindlassError } from '../../../src/domain/index.ts';
import type { Capabilities, JumpHost } from '../../../src/provider/index.ts';
import { refuseWhenCancelled } from '../../../src/provider/index.ts';
import { createTestObserveCall } from '../../kit/test-calls.ts';
import { CHANGED_HOST_KEY, context, createVmBench, HOST_KEY, type VmBench } from './vm-bench.ts';

let bench: VmBench;

beforeEach(() => {
  bench = createVmBench();
});

describe('cloud tasks', () => {
  it.each([
    ['RunInstances', 'runInstances', 'waitRunInstances'],
    ['StopInstances', 'stopInstances', 'waitStopInstances'],
    ['StartInstances', 'startInstances', 'waitStartInstances'],
    ['DeleteInstances', 'deleteInstances', 'waitDeleteInstances'],
    ['ResizeInstances', 'resizeInstances', 'waitResizeInstances'],
    ['CreateVolumes', 'createVolumes', 'waitCreateVolumes'],
    ['AttachVolumes', 'attachVolumes', 'waitAttachVolumes'],
    ['DetachVolumes', 'detachVolumes', 'waitDetachVolumes'],
    ['DeleteVolumes', 'deleteVolumes', 'waitDeleteVolumes'],
    ['ResizeVolumes', 'resizeVolumes', 'waitResizeVolumes'],
  ] as const)('%s goes to its pair', async (action, handle, wait) => {
    await bench.provider().handleSubtask(context(action), bench.effectCall());
    await bench.provider().waitSubtask(context(action), createTestObserveCall());
    expect(bench.handlerCalls).toEqual([handle, wait]);
  });

  it.each([
    ['StopInstances', 'instance', { state: 'done' }],
    ['DeleteInstances', 'instance', { state: 'done', changes: { node: { status: 'deleted' } } }],
    ['DetachVolumes', 'volume-0', { state: 'done' }],
    ['DeleteVolumes', 'volume-0', { state: 'done' }],
  ] as const)(
    '%s of what was never begun is done at once, and asks no cloud',
    async (action, kind, result) => {
      const begun = context(action);
      const never = {
        ...begun,
        task: { ...begun.task, resources: [{ kind, intent: 'use' as const }] },
        resources: {},
      };
      await expect(bench.provider().handleSubtask(never, bench.effectCall())).resolves.toEqual(result);
      expect(bench.handlerCalls).toEqual([]);
    },
  );

  it('without a node are a defect, and reach no cloud', async () => {
    const call = bench
      .provider()
      .handleSubtask(context('RunInstances', {}, { node: null }), bench.effectCall());
    await expect(call).rejects.toMatchObject({ kind: 'internal', code: 'TASK_WITHOUT_NODE' });
    expect(bench.handlerCalls).toEqual([]);
  });

  it('of an action that the frame does not know are refused', async () => {
    await expect(
      bench.provider().handleSubtask(context('InstallRelease'), bench.effectCall()),
    ).rejects.toMatchObject({
      kind: 'invalid-input',
      code: 'ACTION_NOT_SUPPORTED',
    });
  });

  it('that were cancelled before they began do nothing', async () => {
    const signal = AbortSignal.abort();
    const fake = refuseWhenCancelled(bench.provider());
    await expect(
      fake.handleSubtask(context('RunInstances'), bench.effectCall({ signal })),
    ).rejects.toMatchObject({
      kind: 'cancelled',
    });
    await expect(
      fake.waitSubtask(context('RunInstances'), createTestObserveCall({ signal })),
    ).rejects.toMatchObject({
      kind: 'cancelled',
    });
    expect(bench.handlerCalls).toEqual([]);
  });
});

describe('the frontgate', () => {
  const jumpHost: JumpHost = {
    clusterId: 'fg-1',
    host: '203.0.113.7',
    port: 22,
    user: 'root',
    hostPublicKey: HOST_KEY,
    clientPrivateKey: 'client of the frontgate',
  };
  const wait = (
    nodeAccess: Capabilities['nodeAccess'],
    known: JumpHost | null = jumpHost,
  ): Promise<unknown> =>
    bench.provider({ nodeAccess }).waitSubtask(
      {
        ...context('FrontgateAvailable', {}, { node: null }),
        ...(known === null ? {} : { jumpHost: known }),
      },
      createTestObserveCall(),
    );

  it('is there at once where nodes are reached directly', async () => {
    await expect(wait('direct')).resolves.toEqual({ state: 'done' });
  });

  it('is waited for while there is none, or its sshd does not answer', async () => {
    await expect(wait('frontgate', null)).resolves.toMatchObject({ state: 'pending' });
    bench.shell.pingError = new WindlassError('unavailable', 'it boots', { code: 'NODE_UNREACHABLE' });
    await expect(wait('frontgate')).resolves.toEqual({
      state: 'pending',
      seen: 'frontgate fg-1: it boots',
    });
  });

  it('is there when its sshd answers, and refused when another machine does', async () => {
    await expect(wait('frontgate')).resolves.toEqual({ state: 'done' });
    expect(bench.shell.targets).toEqual([
      {
        host: '203.0.113.7',
        port: 22,
        user: 'root',
        hostKey: HOST_KEY,
        privateKey: 'client of the frontgate',
        root: '',
      },
    ]);
    bench.shell.pingError = new WindlassError('permission', 'another key', { code: 'NODE_HOST_KEY' });
    await expect(wait('frontgate')).rejects.toMatchObject({ code: 'NODE_HOST_KEY' });
  });
});

describe('the host key of an instance', () => {
  const ssh = { port: 22, user: 'root', hostKey: 'whatever the handler says', root: '' };
  const node = { ssh: { ...ssh, hostKey: CHANGED_HOST_KEY.publicKey } };

  it('is that of its user-data when it was run, and the changed one when it was started', async () => {
    bench.answer = { state: 'done', changes: { node: { ssh } } };
    await expect(
      bench.provider().waitSubtask(context('RunInstances', {}, { node }), createTestObserveCall()),
    ).resolves.toEqual({
      state: 'done',
      changes: { node: { ssh: { ...ssh, hostKey: HOST_KEY } } },
    });
    await expect(
      bench.provider().waitSubtask(context('StartInstances', {}, { node }), createTestObserveCall()),
    ).resolves.toEqual({
      state: 'done',
      changes: { node },
    });
  });
});
