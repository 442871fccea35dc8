import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findFreePort } from '../../src/embedded/index.ts';
import type { StartedJob } from '../../src/client/index.ts';
import type { JobView } from '../../src/protocol/index.ts';
import { startStack, type TestStack } from '../kit/stack.ts';

const PACKAGE = fileURLToPath(new URL('../fixtures/packages/instant', import.meta.url));
/** A busy machine answers late. */
const LIMIT = { timeout: 600_000 };

let stack: TestStack;
let metrics: string;
let app: string;

beforeAll(async () => {
  stack = await startStack();
  metrics = `127.0.0.1:${await findFreePort()}`;
  await stack.startWorker({
    WINDLASS_METRICS_ADDRESS: metrics,
    // So few that what hangs would take them all.
    WINDLASS_SLOTS_EFFECTS: '2',
    WINDLASS_TEST_INSTANT: JSON.stringify({
      handles: 'done',
      hangOn: { action: 'RunInstances', account: 'hangs' },
    }),
  });
  ({ versionId: app } = await stack.client.apps.register(PACKAGE));
}, 300_000);
afterAll(() => stack?.stop());

const addAccount = (account: string) =>
  stack.client.runtimes.create({ name: account, provider: 'instant', zone: 'z', settings: { account } });

const create = (runtime: string, name: string): Promise<StartedJob> =>
  stack.client.clusters.create({ app, runtime, name, conf: { cluster: { count: 3 } } });

const end = (job: StartedJob): Promise<JobView> => stack.client.jobs.wait(job.jobId, job);

/** Polls that the worker has open at Temporal, of workflows and of activities. */
async function countPolls(): Promise<number> {
  const text = await (await fetch(`http://${metrics}/metrics`)).text();
  const polls = [...text.matchAll(/^temporal_num_pollers\{.*\} (\d+)/gm)].map(([, count]) => Number(count));
  if (polls.length === 0) throw new Error('the worker counts no polls');
  return polls.reduce((sum, count) => sum + count, 0);
}

test('polls do not grow with accounts', LIMIT, async () => {
  await addAccount('first');
  await end(await create('first', 'warm'));
  const before = await countPolls();
  for (let index = 0; index < 30; index += 1) await addAccount(`account-${index}`);
  const jobs = await Promise.all([0, 7, 14, 21, 28].map((index) => create(`account-${index}`, `c-${index}`)));
  for (const job of jobs) expect(await end(job)).toMatchObject({ status: 'successful' });
  const after = await countPolls();
  expect(after).toBeLessThan(100);
  // Pollers scale with work, by some; two for each account would be sixty.
  expect(after - before).toBeLessThan(30);
});

test('an account whose cloud hangs does not hold up another one', LIMIT, async () => {
  await addAccount('hangs');
  await addAccount('runs');
  // 25 times as many activities as the slots of one account are all that the worker takes of a queue.
  const hung = await Promise.all(Array.from({ length: 20 }, (_, index) => create('hangs', `h-${index}`)));
  expect(await end(await create('runs', 'other'))).toMatchObject({ status: 'successful', error: null });
  const views = await Promise.all(hung.map((job) => stack.client.jobs.describe(job.jobId)));
  expect(views.filter(({ closedAt }) => closedAt !== null)).toEqual([]);
  // What was turned away has neither failed nor been attempted.
  const tasks = views.flatMap(({ layers }) => layers.flatMap((layer) => layer.tasks));
  expect(tasks.filter(({ attempts, error }) => attempts > 1 || error !== null)).toEqual([]);
  await Promise.all(hung.map((job) => stack.client.jobs.cancel(job.jobId)));
});
