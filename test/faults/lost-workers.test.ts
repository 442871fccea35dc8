import { fileURLToPath } from 'node:url';
import { Client, Connection, WorkflowFailedError } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MAX_LOST_ATTEMPTS, WindlassError } from '../../src/domain/index.ts';
import { jobWorkflowId, WORKFLOW_QUEUE, type JobView } from '../../src/protocol/index.ts';
import type { StartedJob } from '../../src/client/index.ts';
import type { DeadlyInput } from '../fakes/instant-provider.ts';
import { startStack, type TestStack } from '../kit/stack.ts';
import { superviseWorkers, type SupervisedWorkers } from './supervised-workers.ts';

const PACKAGE = fileURLToPath(new URL('../fixtures/packages/instant', import.meta.url));
const DEADLY: readonly DeadlyInput[] = [
  { cluster: 'kills-in-a-task', at: 'RunInstances', how: 'dies' },
  { cluster: 'hangs-in-load', at: 'parse', how: 'stands still' },
];

let stack: TestStack;
let workers: SupervisedWorkers;
let temporal: Client;
let versionId: string;

beforeAll(async () => {
  stack = await startStack({
    env: {
      WINDLASS_HEARTBEAT_SECONDS: '2',
      WINDLASS_LEASE_SECONDS: '2',
      WINDLASS_STICKY_SECONDS: '1',
      WINDLASS_WATCHDOG_SECONDS: '2',
    },
  });
  const { address, namespace } = stack.temporal;
  temporal = new Client({ connection: await Connection.connect({ address }), namespace });
  workers = await superviseWorkers(stack, 2, {
    // Handles that take this long are running whenever a worker dies.
    WINDLASS_TEST_INSTANT: JSON.stringify({ latencyMs: 1_500, handles: 'done', deadly: DEADLY }),
  });
  await stack.client.runtimes.create({ name: 'cloud', provider: 'instant', zone: 'instant-1' });
  ({ versionId } = await stack.client.apps.register(PACKAGE));
});
afterAll(async () => {
  await workers?.stop();
  await temporal?.connection.close();
  await stack?.stop();
});

/** A request may be held by a worker that dies because of another one. */
async function repeat<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!WindlassError.isInstance(error) || !['timeout', 'unavailable'].includes(error.kind)) throw error;
    }
  }
}

const endOf = (job: StartedJob): Promise<JobView> => repeat(() => stack.client.jobs.wait(job.jobId, job));

const LIMIT = { timeout: 600_000 };
const MADE = { runtime: 'cloud', conf: { cluster: { count: 1 } } };
const GIVEN_UP = {
  code: 'WORKERS_LOST',
  message: expect.stringContaining(`${MAX_LOST_ATTEMPTS} workers in a row`) as string,
};

describe.concurrent('what its workers do not survive', () => {
  test(
    'in a task is abandoned: the task and its job fail, and the cluster can be deleted',
    LIMIT,
    async () => {
      const made = { ...MADE, name: 'kills-in-a-task' };
      const started = await repeat(() =>
        stack.client.clusters.create({ app: versionId, ...made, requestId: made.name }),
      );
      const job = await endOf(started);
      expect(job).toMatchObject({ status: 'failed', error: GIVEN_UP });
      const failed = job.layers.flatMap(({ tasks }) => tasks).filter(({ status }) => status === 'failed');
      expect(new Set(failed.map(({ action }) => action))).toEqual(new Set(['RunInstances']));
      expect(failed[0]).toMatchObject({ error: GIVEN_UP });
      const end = await repeat(() =>
        stack.client.clusters.delete(started.clusterId, { requestId: 'delete' }),
      );
      expect(await endOf(end)).toMatchObject({ status: 'successful' });
    },
  );

  test('while a job is loaded is abandoned too, although a workflow was started by hand', LIMIT, async () => {
    const clusterId = 'cl-hangs';
    const jobId = 'j-hangs';
    const conf = { cluster: { name: 'hangs-in-load', count: 1 } };
    const create = { clusterId, jobId, runtime: 'cloud', versionId, conf };
    const input = {
      jobId,
      clusterId,
      action: 'create',
      options: {},
      requestedBy: 'me',
      provider: 'instant',
      create,
    };
    const error: unknown = await temporal.workflow
      .execute('runJob', { workflowId: jobWorkflowId(clusterId), taskQueue: WORKFLOW_QUEUE, args: [input] })
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(WorkflowFailedError);
    expect((error as WorkflowFailedError).cause).toMatchObject({ type: 'WORKERS_LOST' });
  });

  test('does no harm to a job beside it, whose tasks its workers died in', LIMIT, async () => {
    const made = { ...MADE, name: 'bystander' };
    const started = await repeat(() =>
      stack.client.clusters.create({ app: versionId, ...made, requestId: made.name }),
    );
    const job = await endOf(started);
    expect(job).toMatchObject({ status: 'successful', error: null });
  });
});

test('it took a few workers, and those that followed answer', LIMIT, async () => {
  // Starts beyond the first two: at most one for each lost attempt.
  expect(workers.restarts()).toBeLessThanOrEqual(2 + 2 * MAX_LOST_ATTEMPTS * 2);
  expect(await repeat(() => stack.client.clusters.list())).not.toEqual([]);
});
