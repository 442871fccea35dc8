import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { StartedJob } from '../../src/client/index.ts';
import { startStack, type TestStack, type TestWorker } from '../kit/stack.ts';

const PACKAGE = fileURLToPath(new URL('../fixtures/packages/instant', import.meta.url));
const WITH_PROVIDER = { WINDLASS_TEST_INSTANT: JSON.stringify({ latencyMs: 20, handles: 'done' }) };
/** A busy machine answers late. */
const LIMIT = { timeout: 600_000 };

let stack: TestStack;
let having: TestWorker;
let lacking: TestWorker;
let app: string;

beforeAll(async () => {
  stack = await startStack();
  // The first to answer: who lacks the provider must send clients to who has it.
  lacking = await stack.startWorker();
  having = await stack.startWorker(WITH_PROVIDER);
  await stack.client.runtimes.create({ name: 'cloud', provider: 'instant', zone: 'instant-1' });
  ({ versionId: app } = await stack.client.apps.register(PACKAGE));
}, 300_000);
afterAll(() => stack?.stop());

async function createMany(name: string, count: number): Promise<readonly StartedJob[]> {
  return Promise.all(
    Array.from({ length: count }, (_, index) =>
      stack.client.clusters.create({
        app,
        runtime: 'cloud',
        name: `${name}-${index}`,
        conf: { cluster: { count: 1 } },
      }),
    ),
  );
}

/** How the jobs ended. */
async function endsOf(jobs: readonly StartedJob[]): Promise<ReadonlySet<string>> {
  // Many watchers that poll often would be most of the work.
  const rarely = { pollMs: 2_000 };
  const views = await Promise.all(
    jobs.map((job) => stack.client.jobs.wait(job.jobId, { clusterId: job.clusterId, ...rarely })),
  );
  return new Set(views.map(({ status, error }) => `${status} ${error?.message ?? ''}`.trim()));
}

describe('of two workers one lacks the provider', () => {
  test('every one of 20 creates is well, and every request is answered', LIMIT, async () => {
    expect(await endsOf(await createMany('well', 20))).toEqual(new Set(['successful']));
    const asked = Array.from({ length: 8 }, () => stack.client.runtimes.validate('cloud'));
    expect(new Set((await Promise.all(asked)).map(({ account }) => account))).toEqual(new Set(['instant']));
    const { providers } = await stack.client.describeWorker();
    expect(providers).toContain('instant');
    const [first] = await stack.client.clusters.list({ limit: 1 });
    const cluster = await stack.client.clusters.describe(first?.clusterId ?? '', { refresh: true });
    expect(cluster.nodes).toHaveLength(1);
  });

  test('jobs wait for the one that has it, report that, and continue with the next', LIMIT, async () => {
    const jobs = await createMany('waits', 4);
    await having.stop();
    const away = { code: 'PROVIDER_AWAY', message: expect.stringContaining('instant') as string };
    const open = await vi.waitFor(async () => {
      const views = await Promise.all(jobs.map(({ jobId }) => stack.client.jobs.describe(jobId)));
      const waiting = views.filter(({ closedAt }) => closedAt === null);
      expect(waiting.length).toBeGreaterThan(0);
      for (const view of waiting) expect(view.error).toMatchObject(away);
      return waiting;
    }, LIMIT);
    expect(open.map(({ status }) => status)).not.toContain('failed');
    // A new one is refused with what to do, before there is a job.
    await expect(
      stack.client.clusters.create({ app, runtime: 'cloud', name: 'refused', conf: {} }),
    ).rejects.toMatchObject({ ...away, hint: expect.stringContaining('WINDLASS_PROVIDERS') as string });
    having = await stack.startWorker(WITH_PROVIDER);
    expect(await endsOf(jobs)).toEqual(new Set(['successful']));
  });

  test('nothing is lost with the one that lacks it', LIMIT, async () => {
    const jobs = await createMany('alone', 6);
    await lacking.stop();
    expect(await endsOf(jobs)).toEqual(new Set(['successful']));
  });
});
