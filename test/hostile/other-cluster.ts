import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { WindlassError } from '../../src/domain/index.ts';
import type { TestStack } from '../kit/stack.ts';

const PACKAGE = fileURLToPath(new URL('../fixtures/packages/instant', import.meta.url));
/** What another user waits at most for an answer while hostile inputs arrive. */
const ANSWER_LIMIT_MS = 20_000;
const JOB_LIMIT_MS = 60_000;

/** The cluster of another user, who works on while hostile inputs arrive. */
export interface OtherCluster {
  readonly job: { readonly clusterId: string; readonly jobId: string };
  /** Asks for what is not there, and measures. @throws where the answer is late or another one. */
  ask(): Promise<number>;
  /** Stops the cluster, or starts it again. @throws where the job does not end well. */
  work(): Promise<void>;
  /** Jobs that ended well so far. */
  readonly jobs: () => number;
  readonly slowestMs: () => number;
}

export async function openOtherCluster(stack: TestStack): Promise<OtherCluster> {
  const { client } = stack;
  await client.runtimes.create({ name: 'instant', provider: 'instant', zone: 'instant-1' });
  const started = await client.clusters.create({ app: PACKAGE, runtime: 'instant', name: 'other' });
  let jobs = 0;
  let slowestMs = 0;
  let running = true;
  const wait = async (job: { readonly jobId: string; readonly clusterId: string }): Promise<void> => {
    const { clusterId } = job;
    const end = await client.jobs.wait(job.jobId, { clusterId, timeoutMs: JOB_LIMIT_MS, pollMs: 1_000 });
    expect(end).toMatchObject({ status: 'successful', error: null });
    jobs += 1;
  };
  await wait(started);
  return {
    job: { clusterId: started.clusterId, jobId: started.jobId },
    async ask() {
      const begun = performance.now();
      const answer: unknown = await client.clusters.describe('nobody').catch((error: unknown) => error);
      const tookMs = performance.now() - begun;
      slowestMs = Math.max(slowestMs, tookMs);
      if (!WindlassError.isInstance(answer)) throw new Error('a cluster that is not there was described');
      expect(answer).toMatchObject({
        code: 'CLUSTER_NOT_FOUND',
        message: expect.stringContaining('nobody') as string,
      });
      expect(tookMs).toBeLessThan(ANSWER_LIMIT_MS);
      return tookMs;
    },
    async work() {
      await wait(await client.clusters[running ? 'stop' : 'start'](started.clusterId));
      running = !running;
    },
    jobs: () => jobs,
    slowestMs: () => slowestMs,
  };
}
