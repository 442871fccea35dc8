import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { providerQueue, REQUESTS_QUEUE, WORKFLOW_QUEUE, type ClusterView } from '../../src/protocol/index.ts';
import { type ErrorInfo } from '../../src/domain/index.ts';
import { startStack, type TestStack } from '../kit/stack.ts';

const PACKAGE = fileURLToPath(new URL('../fixtures/packages/instant', import.meta.url));
const OUTSIDE = { kind: 'permission', code: 'EFFECT_OUTSIDE_JOB' };

let stack: TestStack;
let temporal: Client;
let before: ClusterView;
let effects: string;

beforeAll(async () => {
  stack = await startStack();
  const { address, namespace } = stack.temporal;
  temporal = new Client({ connection: await Connection.connect({ address }), namespace });
  await stack.startWorker({ WINDLASS_TEST_INSTANT: JSON.stringify({ handles: 'done' }) });
  const runtime = await stack.client.runtimes.create({
    name: 'cloud',
    provider: 'instant',
    zone: 'instant-1',
  });
  effects = providerQueue('effects', runtime.provider);
  const started = await stack.client.clusters.create({ app: PACKAGE, runtime: 'cloud', name: 'victim' });
  expect(await stack.client.jobs.wait(started.jobId, started)).toMatchObject({ status: 'successful' });
  before = await stack.client.clusters.describe(started.clusterId);
});
afterAll(async () => {
  await temporal?.connection.close();
  await stack?.stop();
});

/** The error that a worker answered with. */
async function refusalOf(answer: Promise<unknown>): Promise<ErrorInfo | null> {
  try {
    await answer;
    return null;
  } catch (error) {
    for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
      if (cause instanceof ApplicationFailure) return cause.details?.[0] as ErrorInfo;
    }
    throw error;
  }
}

function runAlone(name: string, taskQueue: string, input: unknown): Promise<unknown> {
  return temporal.activity.execute(name, {
    id: randomUUID(),
    taskQueue,
    args: [input],
    startToCloseTimeout: '20 seconds',
    scheduleToCloseTimeout: '30 seconds',
  });
}

function runWorkflow(type: string, workflowId: string, args: unknown[]): Promise<unknown> {
  return temporal.workflow.execute(type, { workflowId, taskQueue: WORKFLOW_QUEUE, args });
}

async function expectUntouched(): Promise<void> {
  expect(await stack.client.clusters.describe(before.clusterId)).toEqual(before);
  expect(await stack.client.jobs.list({ clusterId: before.clusterId })).toHaveLength(1);
}

describe('steps of a job that were started by hand', () => {
  it('are refused, and nothing is stored', async () => {
    const { clusterId } = before;
    const load = {
      jobId: 'j-forged1',
      clusterId,
      action: 'stop',
      options: {},
      requestedBy: 'me',
      provider: 'instant',
    };
    const end = { jobId: 'j-forged1', status: 'successful', error: null, refresh: false };
    const steps: readonly (readonly [string, string, unknown])[] = [
      ['BeginJob', effects, load],
      ['BeginJob', effects, { ...load, action: 'cease' }],
      ['EndJob', WORKFLOW_QUEUE, end],
      ['EndJob', effects, { ...end, refresh: true }],
      ['loadSlice', WORKFLOW_QUEUE, { jobId: 'j-forged1', slice: { step: 0, of: 'tasks', from: 0, to: 1 } }],
      ['LoadFrontgate', WORKFLOW_QUEUE, { runtimeId: 'rt-1', vpcId: 'vpc-1' }],
      ['InspectFrontgate', effects, { clusterId }],
      ['DeleteInstances', effects, { taskId: 'j-forged1.0.0' }],
      ['WaitDeleteInstances', effects, { taskId: 'j-forged1.0.0' }],
    ];
    const answers = await Promise.all(
      steps.map(async ([step, queue, input]) => [step, await refusalOf(runAlone(step, queue, input))]),
    );
    expect(answers).toEqual(steps.map(([step]) => [step, expect.objectContaining(OUTSIDE)]));
    await expectUntouched();
  });

  it('are refused in the workflow of another cluster, too', async () => {
    const { clusterId } = before;
    const [real] = await stack.client.jobs.list({ clusterId });
    const forged = { clusterId, action: 'stop', options: {}, requestedBy: 'me', provider: 'instant' };
    const inputs: readonly (readonly [string, object])[] = [
      ['cluster/cl-another', { ...forged, jobId: 'j-forged2' }],
      ['anything', { ...forged, jobId: 'j-forged3' }],
      // A job that is stored, for a cluster that is not its own.
      ['cluster/cl-another', { ...forged, jobId: real?.jobId ?? '', clusterId: 'cl-another' }],
    ];
    for (const [workflowId, input] of inputs) {
      const refusal = await refusalOf(runWorkflow('runJob', workflowId, [input]));
      expect({ workflowId, refusal }).toMatchObject({ refusal: OUTSIDE });
    }
    await expectUntouched();
  });

  it('of a job that is closed change nothing in its own workflow either', async () => {
    const { clusterId } = before;
    const [real] = await stack.client.jobs.list({ clusterId });
    const input = {
      jobId: real?.jobId,
      clusterId,
      action: 'create',
      options: {},
      requestedBy: 'me',
      provider: 'instant',
    };
    const create = { clusterId, jobId: real?.jobId, runtime: 'cloud', versionId: before.versionId, conf: {} };
    const again = await runWorkflow('runJob', `cluster/${clusterId}`, [{ ...input, create }]);
    expect(again).toMatchObject({ jobId: real?.jobId, status: 'successful' });
    await expectUntouched();
  });
});

describe('a job that was started by hand, in the workflow of its cluster', () => {
  it('is checked as any other', async () => {
    const { clusterId } = before;
    const forged = {
      jobId: 'j-forged4',
      clusterId,
      action: 'add-nodes',
      requestedBy: 'me',
      provider: 'instant',
    };
    const refusal = await refusalOf(
      runWorkflow('runJob', `cluster/${clusterId}`, [{ ...forged, options: { role: 'no such role' } }]),
    );
    expect(refusal).toMatchObject({ kind: 'invalid-input' });
    await expectUntouched();
  });
});

describe('reads with forged input', () => {
  const ODD: readonly unknown[] = [
    null,
    'x',
    7,
    [],
    {},
    { limit: -1 },
    { limit: 'x' },
    { limit: 1e9 },
    { a: 'b\0' },
  ];

  it('are refused with the field that is wrong, and the worker lives', async () => {
    for (const read of [
      'listClusters',
      'listJobs',
      'listRuntimes',
      'listApps',
      'describeCluster',
      'createRuntime',
    ]) {
      const refusals = await Promise.all(
        ODD.map((input) => refusalOf(runAlone(read, REQUESTS_QUEUE, input))),
      );
      expect({ read, kinds: new Set(refusals.map((refusal) => refusal?.kind)) }).toEqual({
        read,
        kinds: new Set(['invalid-input']),
      });
    }
    expect(await refusalOf(runAlone('listJobs', REQUESTS_QUEUE, { limit: -1 }))).toMatchObject({
      code: 'INPUT_INVALID',
      field: 'limit',
    });
    await expectUntouched();
  });
});

describe('workflows that were started with what they cannot read', () => {
  const job = {
    jobId: 'j-forged5',
    clusterId: 'cl-forged5',
    action: 'stop',
    options: {},
    requestedBy: 'me',
    provider: 'instant',
  };
  const slice = {
    jobId: 'j-forged5',
    slice: { step: 0, of: 'tasks', from: 0, to: 10 },
    lanesAtOnce: 1,
    queues: { provider: 'instant', account: 'instant', region: 'instant' },
    timing: { heartbeatSeconds: 1 },
  };
  const gate = { runtimeId: 'rt-forged', vpcId: 'vpc-forged' };
  const GARBAGE: readonly unknown[] = [undefined, null, 'x', 7, true, [], [null], {}, { known: null }];
  const CASES: readonly (readonly [string, string, unknown])[] = [
    ...['runJob', 'walkSlice', 'frontgate'].flatMap((type) =>
      GARBAGE.map((input) => [type, `garbage-${randomUUID()}`, input] as const),
    ),
    ['runJob', 'cluster/cl-forged5', { ...job, action: 'destroy' }],
    ['runJob', 'cluster/cl-forged5', { ...job, options: null }],
    ['runJob', 'cluster/cl-forged5', { ...job, jobId: { a: 1 } }],
    ['runJob', 'cluster/cl-forged5', { ...job, frontgate: { ...gate, subnetId: '' } }],
    ['walkSlice', 'cluster/cl-forged5/j-forged5/0/0', slice],
    ['walkSlice', 'cluster/cl-forged5/j-forged5/0/0', { ...slice, timing: null }],
    ['walkSlice', 'cluster/cl-forged5/j-forged5/0/0', { ...slice, queues: [] }],
    ['walkSlice', 'cluster/cl-forged5/j-forged5/0/0', { ...slice, slice: { step: 0 } }],
    ['frontgate', 'frontgate/rt-other/vpc-forged', gate],
    ['frontgate', 'frontgate/rt-forged/vpc-forged', { ...gate, known: {} }],
    ['frontgate', 'frontgate/rt-forged/vpc-forged', { ...gate, known: { members: [null], failure: null } }],
  ];

  it('end at once, each with the reason', async () => {
    for (const [type, workflowId, input] of CASES) {
      const refusal = await refusalOf(runWorkflow(type, workflowId, input === undefined ? [] : [input]));
      expect({ type, input, refusal }).toMatchObject({
        refusal: { kind: 'invalid-input', code: 'INPUT_INVALID' },
      });
    }
    await expectUntouched();
  });
});
