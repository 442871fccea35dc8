import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ScriptedLayer, ScriptedTask } from './fake-activities.ts';
import { startFakeStack, type FakeStack } from './fake-stack.ts';

let stack: FakeStack;

beforeAll(async () => {
  stack = await startFakeStack();
});
afterAll(() => stack?.stop());

function layer(name: ScriptedTask['action'], change: Partial<ScriptedTask> = {}): ScriptedLayer {
  return { name, tasks: [{ action: name, label: 'node', handle: 'done', ...change }] };
}

/** `begin RunInstances 0.0` as `RunInstances 0.0`. */
function begun(calls: readonly string[]): readonly string[] {
  return calls.filter((call) => call.startsWith('begin ')).map((call) => call.slice('begin '.length));
}

describe('lanes', () => {
  it('do not wait for each other', async () => {
    const slow = [layer('RunInstances', { handle: 'hangs' }), layer('AttachVolumes')];
    const quick = [layer('RunInstances'), layer('AttachVolumes'), layer('StartService')];
    const { handle, job } = await stack.start([{ name: 'nodes', lanes: [slow, quick] }]);
    await expect.poll(() => job.calls, { timeout: 60_000 }).toContain('end StartService 2.0');
    expect(job.calls).not.toContain('end RunInstances 0.0');
    await handle.cancel();
    await handle.result().catch(() => undefined);
    expect(job.closed).toMatchObject({ status: 'cancelled' });
    expect(begun(job.calls).filter((call) => call.startsWith('AttachVolumes'))).toHaveLength(1);
  });

  it('run one after the other where they may', async () => {
    const one = [layer('StopInstances'), layer('StartInstances')];
    const { handle, job } = await stack.start([{ name: 'nodes', lanes: [one, one, one], atOnce: 1 }]);
    await handle.result();
    expect(begun(job.calls)).toEqual([
      'StopInstances 0.0',
      'StartInstances 1.0',
      'StopInstances 0.1',
      'StartInstances 1.1',
      'StopInstances 0.2',
      'StartInstances 1.2',
    ]);
  });

  it('end where they fail; those that have begun continue, and no further one begins', async () => {
    const fails = [layer('StopInstances', { handle: 'fails' }), layer('StartInstances')];
    const good = [layer('StopInstances'), layer('StartInstances')];
    const { handle, job } = await stack.start([
      { name: 'nodes', lanes: [fails, good, good, good], atOnce: 2 },
    ]);
    await handle.result().catch(() => undefined);
    expect(job.closed).toMatchObject({ status: 'failed' });
    const calls = begun(job.calls);
    expect(calls).not.toContain('StartInstances 1.0');
    expect(calls).toContain('StartInstances 1.1');
    expect(calls.some((call) => call.endsWith('.3'))).toBe(false);
  });

  it('of a wide step are walked in slices, whole', async () => {
    const lanes = Array.from({ length: 60 }, () => [layer('RunInstances'), layer('StartInstances')]);
    const { handle, job } = await stack.start([{ name: 'nodes', lanes }]);
    expect(await handle.result()).toMatchObject({ status: 'successful' });
    expect(new Set(begun(job.calls)).size).toBe(120);
    const { events } = await handle.fetchHistory();
    const children = (events ?? []).filter((event) => event.childWorkflowExecutionCompletedEventAttributes);
    expect(children).toHaveLength(2);
  });
});

describe('steps that run always', () => {
  const always = { ...layer('DeregisterMetadata'), runs: 'always' as const };

  it('run after a failure, and what is between does not', async () => {
    const failing = layer('RunInstances', { handle: 'fails' });
    const { handle, job } = await stack.start([failing, layer('StartService'), always]);
    await handle.result().catch(() => undefined);
    expect(job.closed).toMatchObject({ status: 'failed' });
    expect(begun(job.calls)).toEqual(['RunInstances 0.0', 'DeregisterMetadata 2.0']);
  });

  it('run in their place where nothing fails', async () => {
    const { handle, job } = await stack.start([layer('RunInstances'), always, layer('StartService')]);
    await handle.result();
    expect(begun(job.calls)).toEqual(['RunInstances 0.0', 'DeregisterMetadata 1.0', 'StartService 2.0']);
  });

  it('run after a cancel, which does not interrupt them', async () => {
    const hanging = layer('RunInstances', { handle: 'hangs' });
    const { handle, job } = await stack.start([hanging, layer('StartService'), always]);
    await expect.poll(() => begun(job.calls), { timeout: 60_000 }).toContain('RunInstances 0.0');
    await handle.cancel();
    await handle.result().catch(() => undefined);
    expect(job.closed).toMatchObject({ status: 'cancelled' });
    expect(begun(job.calls)).toEqual(['RunInstances 0.0', 'DeregisterMetadata 2.0']);
    expect(job.calls).toContain('end DeregisterMetadata 2.0');
  });
});
