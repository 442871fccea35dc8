import { type WorkflowHandle, WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure, defaultPayloadConverter } from '@temporalio/common';
import type { temporal } from '@temporalio/proto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { SLICE_TASKS } from '../../src/plan/index.ts';
import { SEARCH_ATTRIBUTES } from '../../src/protocol/index.ts';
import { TASK_ERROR, type ScriptedLayer } from './fake-activities.ts';
import { startFakeStack, type FakeStack } from './fake-stack.ts';

let stack: FakeStack;

beforeAll(async () => {
  stack = await startFakeStack();
});
afterAll(() => stack?.stop());

const VOLUMES: ScriptedLayer = {
  name: 'CreateVolumes',
  tasks: [1, 2].map((number) => ({ action: 'CreateVolumes', label: `node ${number}`, handle: 'meets' })),
};
const INSTANCES: ScriptedLayer = {
  name: 'RunInstances',
  tasks: [1, 2].map((number) => ({ action: 'RunInstances', label: `node ${number}` })),
};
const SERVICES: ScriptedLayer = {
  name: 'StartService',
  tasks: [{ action: 'StartService', label: 'node 1' }],
};

function layerOf(task: ScriptedLayer['tasks'][number], ...others: ScriptedLayer['tasks']): ScriptedLayer {
  return { name: task.action, tasks: [task, ...others] };
}

async function failureOf(handle: WorkflowHandle): Promise<Error | undefined> {
  const error: unknown = await handle.result().catch((thrown: unknown) => thrown);
  return error instanceof WorkflowFailedError ? error.cause : undefined;
}

async function statusAttributeOf(handle: WorkflowHandle): Promise<unknown> {
  const { typedSearchAttributes } = await handle.describe();
  return typedSearchAttributes.getAll().find(({ key }) => key.name === SEARCH_ATTRIBUTES.status)?.value;
}

/** What Temporal's web UI shows as current details. */
async function currentDetailsOf(handle: WorkflowHandle): Promise<string> {
  const metadata = await handle.query<{ currentDetails?: string }>('__temporal_workflow_metadata');
  return metadata.currentDetails ?? '';
}

async function scheduledActivities(
  handle: WorkflowHandle,
): Promise<readonly temporal.api.history.v1.IHistoryEvent[]> {
  const { events } = await handle.fetchHistory();
  return (events ?? []).filter((event) => event.activityTaskScheduledEventAttributes);
}

function textOf(payload: temporal.api.common.v1.IPayload | null | undefined): unknown {
  return payload === null || payload === undefined
    ? undefined
    : defaultPayloadConverter.fromPayload(
        payload as Parameters<typeof defaultPayloadConverter.fromPayload>[0],
      );
}

async function hasHeardOfCancel(handle: WorkflowHandle): Promise<boolean> {
  const events = (await handle.fetchHistory()).events ?? [];
  const asked = events.findIndex((event) => event.workflowExecutionCancelRequestedEventAttributes);
  return asked >= 0 && events.slice(asked).some((event) => event.workflowTaskCompletedEventAttributes);
}

describe('a job that succeeds', () => {
  let handle: WorkflowHandle;
  let calls: readonly string[];

  beforeAll(async () => {
    const started = await stack.start([VOLUMES, INSTANCES, SERVICES]);
    handle = started.handle;
    expect(await handle.result()).toEqual({ jobId: started.jobId, status: 'successful', failedTasks: 0 });
    expect(started.job.closed).toMatchObject({ status: 'successful', error: null });
    calls = started.job.calls;
  });

  it('begins, walks, and ends with a look at the cloud, in this order', () => {
    const steps = calls.filter((call) => !/^(begin|end) /.test(call));
    expect(steps).toEqual(['BeginJob', 'EndJob with a look at the cloud']);
  });

  it('begins a layer when every task of the one before has ended', () => {
    const positions = (word: string, layer: number): number[] =>
      calls.flatMap((call, index) => (call.startsWith(word) && call.includes(` ${layer}.`) ? [index] : []));
    for (const layer of [1, 2])
      expect(Math.min(...positions('begin', layer))).toBeGreaterThan(
        Math.max(...positions('end', layer - 1)),
      );
  });

  it('runs the tasks of a layer at once, each as handle, then wait', () => {
    // The handles of the first layer end only when all have begun: one after the other would hang.
    const own = calls.filter((call) => call.endsWith(' 0.0'));
    expect(own).toEqual([
      'begin CreateVolumes 0.0',
      'end CreateVolumes 0.0',
      'begin WaitCreateVolumes 0.0',
      'end WaitCreateVolumes 0.0',
    ]);
  });

  it('shows every activity with its node as summary, and grouped by step', async () => {
    const scheduled = await scheduledActivities(handle);
    const shown = scheduled.map((event) => ({
      type: event.activityTaskScheduledEventAttributes?.activityType?.name,
      id: event.activityTaskScheduledEventAttributes?.activityId?.replace(/^job-\d+\./, ''),
      summary: textOf(event.userMetadata?.summary),
      groups: (event.eventGroupMarkers ?? []).map((marker) => [
        marker.label?.id,
        textOf(marker.label?.label),
      ]),
    }));
    expect(shown).toContainEqual({
      type: 'RunInstances',
      id: '1.1',
      summary: 'node 2',
      groups: [['step-1', '2 RunInstances']],
    });
    expect(shown).toContainEqual({
      type: 'WaitStartService',
      id: '2.0/wait',
      summary: 'node 1',
      groups: [['step-2', '3 StartService']],
    });
  });

  it('ends with its table of steps as current details, and its status as search attribute', async () => {
    expect(await currentDetailsOf(handle)).toBe(
      [
        '| # | step | tasks | state |',
        '| --- | --- | --- | --- |',
        '| 1 | CreateVolumes | 2 | done |',
        '| 2 | RunInstances | 2 | done |',
        '| 3 | StartService | 1 | done |',
      ].join('\n'),
    );
    expect(await statusAttributeOf(handle)).toBe('successful');
  });
});

describe('what there is to wait for', () => {
  it('is nothing after a handle that says it is done', async () => {
    const { job, handle } = await stack.start([
      layerOf({ action: 'PrepareNode', label: 'node 1', handle: 'done' }),
    ]);
    await handle.result();
    expect(job.calls).not.toContain('begin WaitPrepareNode 0.0');
  });

  it('is all there is for an action without a handle', async () => {
    const { job, handle } = await stack.start([layerOf({ action: 'FrontgateAvailable', label: 'vpc-1' })]);
    await handle.result();
    expect(job.calls).toContain('end WaitFrontgateAvailable 0.0');
    expect(job.calls).not.toContain('begin FrontgateAvailable 0.0');
  });
});

describe('a failure', () => {
  it('that is allowed is counted, and the job continues', async () => {
    const allowed = {
      action: 'InitService',
      label: 'node 1',
      failureAllowed: true,
      handle: 'fails',
    } as const;
    const { job, jobId, handle } = await stack.start([layerOf(allowed), SERVICES]);
    expect(await handle.result()).toEqual({ jobId, status: 'successful', failedTasks: 1 });
    expect(job.calls).toContain('end WaitStartService 1.0');
    expect(await currentDetailsOf(handle)).toContain('| 1 | InitService | 1 | done, 1 allowed to fail |');
  });

  it.each(['handle', 'wait'] as const)('in a %s lets its layer end, and stops the job', async (place) => {
    const failing = { action: 'RunInstances', label: 'node 1', [place]: 'fails' } as const;
    const beside = { action: 'RunInstances', label: 'node 2' } as const;
    const { job, handle } = await stack.start([layerOf(failing, beside), SERVICES]);
    const failure = await failureOf(handle);
    expect(failure).toBeInstanceOf(ApplicationFailure);
    expect(failure).toMatchObject({
      type: TASK_ERROR.code,
      message: TASK_ERROR.message,
      details: [TASK_ERROR],
    });
    expect(job.closed).toMatchObject({ status: 'failed', error: null });
    expect(job.calls).toContain('end WaitRunInstances 0.1');
    expect(job.calls).toContain('EndJob with a look at the cloud');
    expect(job.calls).not.toContain('begin StartService 1.0');
    expect(await statusAttributeOf(handle)).toBe('failed');
    expect(await currentDetailsOf(handle)).toMatch(
      /RunInstances \| 2 \| 1 failed \|\n.*StartService \| 1 \| {2}\|/,
    );
  });

  it('of the check stores no plan, and is the job’s error', async () => {
    const refused = { ...TASK_ERROR, code: 'QUOTA' };
    const { job, handle } = await stack.start([SERVICES], { refused });
    expect(await failureOf(handle)).toMatchObject({ type: 'QUOTA' });
    expect(job.calls).toEqual(['BeginJob', 'EndJob']);
    expect(job.closed).toMatchObject({ status: 'failed', error: refused });
  });

  it('of the last question to the cloud keeps no job open', async () => {
    const { job, jobId, handle } = await stack.start([SERVICES], { cloudIsAway: true });
    expect(await handle.result()).toMatchObject({ jobId, status: 'successful' });
    expect(job.calls.slice(-2)).toEqual(['EndJob with a look at the cloud', 'EndJob']);
    expect(job.closed).toEqual({ status: 'successful', error: null });
  });

  it(
    'in a slice of a wide layer stops the job, when the other slices have ended',
    { timeout: 60_000 },
    async () => {
      const tasks = Array.from({ length: SLICE_TASKS + 5 }, (_, index) => ({
        action: 'PrepareNode' as const,
        label: `node ${index}`,
        handle: index === SLICE_TASKS + 2 ? ('fails' as const) : ('done' as const),
      }));
      const { job, handle } = await stack.start([{ name: 'PrepareNode', tasks }, SERVICES]);
      expect(await failureOf(handle)).toMatchObject({ type: TASK_ERROR.code });
      expect(job.calls.filter((call) => call.startsWith('end PrepareNode'))).toHaveLength(tasks.length);
      expect(job.calls).not.toContain('begin StartService 1.0');
      // The activities are in the histories of the slices: the job's own has its three steps and two children.
      expect(await scheduledActivities(handle)).toHaveLength(2);
    },
  );
});

describe('a cancel', () => {
  it('interrupts waits at once, and ends the job at the border of the layer', async () => {
    const { job, handle } = await stack.start([
      layerOf({ action: 'RunInstances', label: 'node 1', wait: 'hangs' }),
      SERVICES,
    ]);
    await vi.waitFor(() => expect(job.calls).toContain('begin WaitRunInstances 0.0'), { timeout: 30_000 });
    expect(await currentDetailsOf(handle)).toContain('| 1 | RunInstances | 1 | working |');
    await handle.cancel();
    expect(await failureOf(handle)).toBeInstanceOf(CancelledFailure);
    expect((await handle.describe()).status.name).toBe('CANCELLED');
    expect(job.closed).toMatchObject({ status: 'cancelled', error: null });
    expect(job.calls).not.toContain('begin StartService 1.0');
    expect(await statusAttributeOf(handle)).toBe('cancelled');
    expect(await currentDetailsOf(handle)).toContain('| 1 | RunInstances | 1 | cancelled |');
  });

  it('lets a running handle end, and begins no wait after it', async () => {
    const task = { action: 'RunInstances', label: 'node 1', handle: 'finishes after a cancel' } as const;
    const { job, handle } = await stack.start([layerOf(task), SERVICES]);
    await vi.waitFor(() => expect(job.calls).toContain('begin RunInstances 0.0'), { timeout: 30_000 });
    await handle.cancel();
    expect(await failureOf(handle)).toBeInstanceOf(CancelledFailure);
    expect(job.calls.slice(-2)).toEqual(['end RunInstances 0.0', 'EndJob with a look at the cloud']);
    expect(job.closed).toMatchObject({ status: 'cancelled' });
  });

  describe.concurrent('ends the job as cancelled, not as failed, where', () => {
    const ENDS = ['dies', 'would be tried again'] as const;
    const CASES = ENDS.flatMap((end) => (['handle', 'wait'] as const).map((place) => ({ end, place })));

    it.each(CASES)('its $place $end', { timeout: 90_000 }, async ({ end, place }) => {
      const task = { action: 'RunInstances', label: 'node 1', [place]: end } as const;
      const { job, handle } = await stack.start([layerOf(task), SERVICES]);
      const begun = `begin ${place === 'wait' ? 'Wait' : ''}RunInstances 0.0`;
      await vi.waitFor(() => expect(job.calls).toContain(begun), { timeout: 30_000 });
      await handle.cancel();
      expect(await failureOf(handle)).toBeInstanceOf(CancelledFailure);
      expect(job.closed).toEqual({ status: 'cancelled', error: null });
      expect(job.calls).not.toContain('begin StartService 1.0');
    });

    it('an activity of a slice dies', { timeout: 90_000 }, async () => {
      const tasks = Array.from({ length: SLICE_TASKS + 1 }, (_, index) => ({
        action: 'PrepareNode' as const,
        label: `node ${index}`,
        handle: index === SLICE_TASKS ? ('dies' as const) : ('done' as const),
      }));
      const { job, handle } = await stack.start([{ name: 'PrepareNode', tasks }, SERVICES]);
      const last = `begin PrepareNode 0.${SLICE_TASKS}`;
      await vi.waitFor(() => expect(job.calls).toContain(last), { timeout: 60_000 });
      await handle.cancel();
      expect(await failureOf(handle)).toBeInstanceOf(CancelledFailure);
      expect(job.closed).toEqual({ status: 'cancelled', error: null });
    });

    it('it comes while the job begins, whose row is then closed', async () => {
      let finish = (): void => {};
      const beginning = new Promise<void>((resolve) => (finish = resolve));
      const { job, handle } = await stack.start([SERVICES], { beginning });
      await vi.waitFor(() => expect(job.calls).toContain('BeginJob'), { timeout: 30_000 });
      await handle.cancel();
      // The workflow has heard of it before BeginJob ends.
      await vi.waitFor(async () => expect(await hasHeardOfCancel(handle)).toBe(true), { timeout: 30_000 });
      finish();
      expect(await failureOf(handle)).toBeInstanceOf(CancelledFailure);
      expect(job.closed).toEqual({ status: 'cancelled', error: null });
      expect(job.calls).not.toContain('begin StartService 0.0');
    });
  });

  it('leaves a failure that is final what it is', { timeout: 60_000 }, async () => {
    const failing = { action: 'RunInstances', label: 'node 1', handle: 'fails' } as const;
    const hanging = { action: 'RunInstances', label: 'node 2', wait: 'hangs' } as const;
    const { job, handle } = await stack.start([layerOf(failing, hanging), SERVICES]);
    await vi.waitFor(() => expect(job.calls).toContain('begin WaitRunInstances 0.1'), { timeout: 30_000 });
    await handle.cancel();
    expect(await failureOf(handle)).toMatchObject({ type: TASK_ERROR.code });
    expect(job.closed).toMatchObject({ status: 'failed' });
  });
});
