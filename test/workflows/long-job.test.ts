import type { WorkflowHandle } from '@temporalio/client';
import { CancelledFailure } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readJobHistories } from '../../src/client/job-history.ts';
import {
  READ_JOB_STATE,
  RUN_JOB_WORKFLOW,
  WORKFLOW_QUEUE,
  type RunJobInput,
} from '../../src/protocol/index.ts';
import { replayHistory } from '../replay/replay-history.ts';
import type { ScriptedLayer, ScriptedTask } from './fake-activities.ts';
import { startFakeStack, type FakeStack } from './fake-stack.ts';

/** A step of two tasks has some twelve events, so that every run walks a few of them. */
const EVENTS = '40';

let stack: FakeStack;

beforeAll(async () => {
  stack = await startFakeStack({ 'limit.historyCount.suggestContinueAsNew': EVENTS });
});
afterAll(() => stack?.stop());

function step(change: Partial<ScriptedTask> = {}): ScriptedLayer {
  const task = { action: 'RunInstances', label: 'node', ...change } as const;
  return { name: 'RunInstances', tasks: [task, { ...task, label: 'other node' }] };
}

const begun = (calls: readonly string[]): readonly string[] =>
  calls.filter((call) => call.startsWith('begin RunInstances'));

/** Every task of so many steps, in their order. */
const tasksOf = (steps: number): readonly string[] =>
  Array.from({ length: steps }, (_, index) => [
    `begin RunInstances ${index}.0`,
    `begin RunInstances ${index}.1`,
  ])
    .flat()
    .sort();

async function readRuns(handle: WorkflowHandle): Promise<readonly unknown[]> {
  const { workflowId, runId } = await handle.describe();
  const histories = await readJobHistories(stack.client, { workflowId, runId }, false);
  return histories.map(({ history }) => history);
}

describe('a job whose history grows long', () => {
  it('continues as new between two steps, and is one job for all that', { timeout: 120_000 }, async () => {
    const failing = step({ handle: 'fails', failureAllowed: true });
    const steps = [failing, ...Array.from({ length: 10 }, () => step()), failing];
    const { handle, job, jobId } = await stack.start(steps);
    expect(await handle.result()).toEqual({ jobId, status: 'successful', failedTasks: 4 });
    expect([...begun(job.calls)].sort()).toEqual(tasksOf(12));
    expect(job.calls.filter((call) => call.startsWith('EndJob'))).toEqual([
      'EndJob with a look at the cloud',
    ]);
    expect(job.closed).toEqual({ status: 'successful', error: null });

    const runs = await readRuns(handle);
    expect(runs.length).toBeGreaterThan(2);
    // Each run reads the plan, and no more.
    expect(job.calls.filter((call) => call === 'BeginJob')).toHaveLength(runs.length);
    for (const history of runs) await replayHistory(history);
    expect(await handle.query(READ_JOB_STATE)).toEqual({
      cursor: 12,
      mode: { kind: 'walking' },
      walked: true,
      failedTasks: 4,
    });
  });

  it('is cancelled in a later run as in its first', { timeout: 120_000 }, async () => {
    const hangs = step({ handle: 'hangs' });
    const always = { ...step(), runs: 'always' as const };
    const steps = [...Array.from({ length: 7 }, () => step()), hangs, step(), always];
    const { handle, job } = await stack.start(steps);
    await expect.poll(() => job.calls, { timeout: 60_000 }).toContain('begin RunInstances 7.1');
    expect((await readRuns(handle)).length).toBeGreaterThan(1);
    await handle.cancel();
    await expect(handle.result()).rejects.toMatchObject({ cause: expect.any(CancelledFailure) as unknown });
    expect(job.closed).toEqual({ status: 'cancelled', error: null });
    expect(begun(job.calls)).not.toContain('begin RunInstances 8.0');
    expect([...begun(job.calls).slice(-2)].sort()).toEqual([
      'begin RunInstances 9.0',
      'begin RunInstances 9.1',
    ]);
    for (const history of await readRuns(handle)) await replayHistory(history);
  });

  it('takes no state from outside: no caller can have steps skipped', async () => {
    const input: RunJobInput = {
      ...{ jobId: 'job-forged', clusterId: 'cl-forged', action: 'create', options: {} },
      ...{ requestedBy: 'tester', provider: 'fake' },
      state: { cursor: 3, mode: { kind: 'walking' }, walked: true, failedTasks: 0 },
    };
    const handle = await stack.client.workflow.start(RUN_JOB_WORKFLOW, {
      taskQueue: WORKFLOW_QUEUE,
      workflowId: 'cluster/cl-forged',
      args: [input],
    });
    await expect(handle.result()).rejects.toMatchObject({ cause: { type: 'INPUT_INVALID' } });
  });
});
