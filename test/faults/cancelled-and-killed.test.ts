import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { StartedJob } from '../../src/client/index.ts';
import { jobWorkflowId } from '../../src/protocol/index.ts';
import { startStack, type TestStack, type TestWorker } from '../kit/stack.ts';
import { runCli } from '../stack/run-cli.ts';
import { createRandomSource } from './random.ts';

const PACKAGE = fileURLToPath(new URL('../fixtures/packages/instant', import.meta.url));
const SEED = 9;
/** Each kill hits all clusters of its round, each at another moment after its own cancel. */
const ROUNDS = 4;
const CLUSTERS = 5;
const WINDOW_MS = 1_000;
/** During this time jobs are in the middle of handles and waits, in any of them. */
const MIDDLE_MS = 3_000;

let stack: TestStack;
let worker: TestWorker;
let temporal: Client;

/** Handles and waits that each take some time, so that a cancel hits one of them. */
const INSTANT = JSON.stringify({ latencyMs: 300, pendingLooks: 6 });

async function startWorker(): Promise<void> {
  worker = await stack.startWorker({ WINDLASS_TEST_INSTANT: INSTANT });
}

beforeAll(async () => {
  stack = await startStack({
    env: { WINDLASS_HEARTBEAT_SECONDS: '1', WINDLASS_LEASE_SECONDS: '1', WINDLASS_STICKY_SECONDS: '1' },
  });
  const { address, namespace } = stack.temporal;
  temporal = new Client({ connection: await Connection.connect({ address }), namespace });
  await startWorker();
  await stack.client.runtimes.create({ name: 'cloud', provider: 'instant', zone: 'instant-1' });
  await stack.client.apps.register(PACKAGE);
});
afterAll(async () => {
  await temporal?.connection.close();
  await stack?.stop();
});

describe('a job whose worker dies within a second of its cancel', () => {
  const random = createRandomSource(SEED);

  test('ends as cancelled, wherever it was', { timeout: 400_000 }, async () => {
    const ends: unknown[] = [];
    let last: StartedJob | null = null;
    for (let round = 1; round <= ROUNDS; round += 1) {
      const jobs = await Promise.all(
        Array.from({ length: CLUSTERS }, (_, index) =>
          stack.client.clusters.create({ app: PACKAGE, runtime: 'cloud', name: `killed-${round}-${index}` }),
        ),
      );
      await sleep(random.pickNumber(MIDDLE_MS));
      const killing = sleep(WINDOW_MS).then(() => worker.kill());
      await Promise.all(
        jobs.map(async ({ clusterId }) => {
          await sleep(random.pickNumber(WINDOW_MS));
          // Straight to Temporal: the moment counts.
          await temporal.workflow.getHandle(jobWorkflowId(clusterId)).cancel();
        }),
      );
      await killing;
      await startWorker();
      for (const job of jobs) ends.push(await endOf(job));
      last = jobs[0] ?? null;
    }
    expect(ends).toHaveLength(ROUNDS * CLUSTERS);
    expect(ends).toEqual(ends.map(() => CANCELLED));
    const { exitCode } = await runCli(stack.env, ['job', 'watch', last?.jobId ?? '']);
    expect(exitCode).toBe(8);
  });
});

const CANCELLED = { status: 'cancelled', error: null, cluster: ['failed', null], open: [] };

async function endOf({ jobId, clusterId }: StartedJob): Promise<unknown> {
  const job = await stack.client.jobs.wait(jobId, { clusterId, timeoutMs: 120_000 });
  const { status, transitionStatus } = await stack.client.clusters.describe(clusterId);
  const tasks = job.layers.flatMap((layer) => layer.tasks);
  const open = tasks.filter((task) => !['successful', 'cancelled', 'skipped'].includes(task.status));
  return { status: job.status, error: job.error, cluster: [status, transitionStatus], open };
}
