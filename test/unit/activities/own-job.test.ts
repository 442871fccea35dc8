import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Job, JobStatus } from '../../../src/domain/index.ts';
import { guardActivitiesOver, type From } from './guarded-activities.ts';

const jobOf = (jobId: string, clusterId: string, status: JobStatus): Job => ({
  jobId,
  clusterId,
  runtimeId: 'rt-1',
  action: 'stop',
  status,
  options: {},
  requestedBy: 'tester',
  startedAt: '2026-01-01T00:00:00.000Z',
  closedAt: null,
  error: null,
  held: null,
});

const { names, run } = guardActivitiesOver([
  jobOf('j-open', 'cl-own', 'working'),
  jobOf('j-closed', 'cl-own', 'successful'),
  jobOf('j-other', 'cl-other', 'working'),
]);

const OWN: From = { workflowId: 'cluster/cl-own', workflowType: 'runJob' };
const SLICE: From = { workflowId: 'cluster/cl-own/j-open/0/100', workflowType: 'walkSlice' };
const STEPS = [
  ...names.engine.map((name) => ['engine', name] as const),
  ...names.tasks.map((name) => ['tasks', name] as const),
];

/** An input that each step takes, of that job. */
function inputOf(step: string, jobId: string, clusterId: string): unknown {
  switch (step) {
    case 'BeginJob':
      return {
        jobId,
        clusterId,
        action: 'stop',
        options: {},
        requestedBy: 'tester',
        provider: 'memory',
      };
    case 'EndJob':
      return { jobId, status: 'successful', error: null, refresh: true };
    case 'loadSlice':
      return { jobId, slice: { step: 0, of: 'tasks', from: 0, to: 10 } };
    case 'LoadFrontgate':
      return { runtimeId: 'rt-1', vpcId: 'vpc-1' };
    case 'InspectFrontgate':
      return { clusterId };
    default:
      return { taskId: `${jobId}.0.0` };
  }
}

const OUTSIDE = { kind: 'permission', code: 'EFFECT_OUTSIDE_JOB' };
const FOREIGN: readonly From[] = [
  { workflowId: 'cluster/cl-other', workflowType: 'runJob' },
  { workflowId: 'cluster/cl-own', workflowType: 'frontgate' },
  { workflowId: 'cluster/cl-own', workflowType: 'somethingElse' },
  { workflowId: 'anything', workflowType: 'runJob' },
  { workflowId: 'cluster/cl-own/', workflowType: 'runJob' },
  { workflowId: 'cluster/cl-other/j-open/0/0', workflowType: 'walkSlice' },
  { workflowId: 'cluster/cl-own/j-open', workflowType: 'walkSlice' },
  { workflowId: 'cluster/cl-own/j-other/0/0', workflowType: 'walkSlice' },
  { workflowId: 'frontgate/rt-1/vpc-2', workflowType: 'frontgate' },
];
const isFrontgateStep = (step: string): boolean => step === 'LoadFrontgate' || step === 'InspectFrontgate';

describe('every step of jobs and frontgates', () => {
  it.each(STEPS)('%s %s is refused outside a workflow', async (group, step) => {
    expect(await run(group, step, inputOf(step, 'j-open', 'cl-own'), null)).toMatchObject({
      refused: OUTSIDE,
    });
  });

  it.each(STEPS.filter(([, step]) => step !== 'InspectFrontgate'))(
    '%s %s is refused in a workflow that is not that of its job',
    async (group, step) => {
      for (const from of FOREIGN) {
        const outcome = await run(group, step, inputOf(step, 'j-open', 'cl-own'), from);
        expect({ from, outcome }).toMatchObject({ from, outcome: { refused: OUTSIDE } });
      }
    },
  );

  it.each(STEPS)('%s %s refuses any other input, and never fails of it', async (group, step) => {
    const good = inputOf(step, 'j-open', 'cl-own') as Record<string, unknown>;
    const wrong = fc.oneof(
      fc.jsonValue(),
      fc.constant(undefined),
      fc.dictionary(fc.constantFrom('taskId', 'jobId', 'clusterId', 'extra', '__proto__'), fc.jsonValue()),
      fc
        .tuple(fc.constantFrom(...Object.keys(good), 'more'), fc.jsonValue())
        .map(([key, value]) => ({ ...good, [key]: value })),
    );
    await fc.assert(
      fc.asyncProperty(wrong, async (input) => {
        const outcome = await run(group, step, input, isFrontgateStep(step) ? FRONTGATE : OWN);
        if ('refused' in outcome) expect(outcome.refused.kind).not.toBe('internal');
      }),
      { numRuns: 40 },
    );
    for (const input of [undefined, null, 1, 'x', [], {}, { ...good, more: 1 }]) {
      expect(await run(group, step, input, OWN)).toMatchObject({ refused: { code: 'INPUT_INVALID' } });
    }
  });
});

const FRONTGATE: From = { workflowId: 'frontgate/rt-1/vpc-1', workflowType: 'frontgate' };

describe('a step in its own workflow', () => {
  it.each(STEPS.filter(([, step]) => !isFrontgateStep(step)))('%s %s is let in', async (group, step) => {
    expect(await run(group, step, inputOf(step, 'j-open', 'cl-own'), OWN)).toHaveProperty('reached');
  });

  it.each(['RunInstances', 'WaitRunInstances', 'loadSlice'])('%s is let in from a slice', async (step) => {
    const group = step === 'loadSlice' ? 'engine' : 'tasks';
    expect(await run(group, step, inputOf(step, 'j-open', 'cl-own'), SLICE)).toHaveProperty('reached');
  });

  it('of a frontgate is let in for its own place alone', async () => {
    const input = { runtimeId: 'rt-1', vpcId: 'vpc-1' };
    expect(await run('engine', 'LoadFrontgate', input, FRONTGATE)).toHaveProperty('reached');
    expect(await run('engine', 'LoadFrontgate', { ...input, vpcId: 'vpc-2' }, FRONTGATE)).toMatchObject({
      refused: OUTSIDE,
    });
  });
});

describe('a job', () => {
  it.each(['loadSlice', 'RunInstances'])('that does not exist has no %s', async (step) => {
    const group = step === 'loadSlice' ? 'engine' : 'tasks';
    expect(await run(group, step, inputOf(step, 'j-none', 'cl-own'), OWN)).toMatchObject({
      refused: OUTSIDE,
    });
  });

  it('is begun by the workflow of its cluster alone, also a new one', async () => {
    const load = (jobId: string, clusterId: string) =>
      run('tasks', 'BeginJob', inputOf('BeginJob', jobId, clusterId), OWN);
    expect(await load('j-new', 'cl-own')).toHaveProperty('reached');
    expect(await load('j-closed', 'cl-own')).toHaveProperty('reached');
    expect(await load('j-new', 'cl-other')).toMatchObject({ refused: OUTSIDE });
    expect(await load('j-other', 'cl-own')).toMatchObject({ refused: OUTSIDE });
    expect(await load('j-other', 'cl-other')).toMatchObject({ refused: OUTSIDE });
  });

  it('is begun only as the action that it is', async () => {
    const input = { ...(inputOf('BeginJob', 'j-open', 'cl-own') as object), action: 'delete' };
    expect(await run('tasks', 'BeginJob', input, OWN)).toMatchObject({ refused: OUTSIDE });
  });

  it.each([
    ['a create without a cluster', { action: 'create' }],
    ['another cluster to create', { action: 'create', create: createOf('cl-other') }],
    ['a cluster to create in another action', { create: createOf('cl-own') }],
    ['a conf that holds a NUL', { action: 'create', create: { ...createOf('cl-own'), conf: { a: 'x\0' } } }],
  ])('that brings %s is refused', async (_, change) => {
    const input = { ...(inputOf('BeginJob', 'j-new', 'cl-own') as object), ...change };
    expect(await run('tasks', 'BeginJob', input, OWN)).toMatchObject({ refused: { code: 'INPUT_INVALID' } });
  });
});

function createOf(clusterId: string): object {
  return { clusterId, jobId: 'j-new', runtime: 'r', versionId: 'v', conf: {} };
}
