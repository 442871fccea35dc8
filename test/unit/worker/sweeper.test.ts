import type { Client } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/client';
import { afterEach, expect, test } from 'vitest';
import type { Job } from '../../../src/domain/index.ts';
import { startSweeper, type Sweeper, type SweeperParts } from '../../../src/worker/sweeper.ts';
import { aCluster } from '../../kit/sample-records.ts';

const OLD = '2026-01-01T00:00:00.000Z';

/** Jobs in a database that several sweepers share, and the workflows that are visible. */
interface Shared {
  readonly open: Map<string, Job>;
  readonly running: Set<string>;
  /** Those that run, and are not in the list yet. */
  readonly unlisted: Set<string>;
  /** What jobs were closed with. */
  readonly ends: Pick<Job, 'status' | 'error'>[];
  /** Workflows that were asked for by themselves. */
  readonly described: string[];
  readonly said: string[];
  leader: string | null;
  /** Rounds that are under way, and the most there were at once. */
  rounds: number;
  mostRounds: number;
  /** What a round waits for after it has read the open jobs. */
  gate: Promise<void>;
}

const sweepers: Sweeper[] = [];
afterEach(async () => {
  await Promise.all(sweepers.splice(0).map((sweeper) => sweeper.stop()));
});

function share(jobIds: readonly string[]): Shared {
  const open = new Map(jobIds.map((jobId) => [jobId, aJob(jobId)]));
  const counts = { leader: null, rounds: 0, mostRounds: 0, gate: Promise.resolve() };
  return { open, running: new Set(), unlisted: new Set(), ends: [], described: [], said: [], ...counts };
}

function aJob(jobId: string): Job {
  return {
    jobId,
    clusterId: `cl-${jobId}`,
    runtimeId: 'rt-1',
    action: 'stop',
    status: 'working',
    options: {},
    requestedBy: 'test',
    startedAt: OLD,
    closedAt: null,
    error: null,
    held: null,
  };
}

function start(shared: Shared, identity: string): Sweeper {
  const stores = {
    leaders: {
      async lead(_role: string, holder: string) {
        shared.leader ??= holder;
        return shared.leader === holder;
      },
      async resign(_role: string, holder: string) {
        if (shared.leader === holder) shared.leader = null;
      },
    },
    jobs: {
      async listOpen() {
        shared.rounds += 1;
        shared.mostRounds = Math.max(shared.mostRounds, shared.rounds);
        const jobs = [...shared.open.values()];
        await shared.gate;
        shared.rounds -= 1;
        return jobs;
      },
      async close(jobId: string, end: Pick<Job, 'status' | 'error' | 'closedAt'>) {
        const job = shared.open.get(jobId);
        shared.open.delete(jobId);
        shared.ends.push(end);
        return { job: { ...(job ?? aJob(jobId)), ...end }, changed: job !== undefined };
      },
    },
    tasks: { list: async () => [] },
    clusters: { load: async (clusterId: string) => aCluster(clusterId, 'rt-1') },
    apps: {},
  } as unknown as SweeperParts['stores'];
  const client = {
    workflow: {
      async *list() {
        for (const jobId of shared.running) yield { memo: { jobId } };
      },
      getHandle: (workflowId: string) => ({
        async describe() {
          shared.described.push(workflowId);
          const jobId = workflowId.replace('cluster/cl-', '');
          if (shared.unlisted.has(jobId)) return { memo: { jobId }, status: { name: 'RUNNING' } };
          throw new WorkflowNotFoundError('no such workflow', workflowId, undefined);
        },
      }),
    },
  } as unknown as Client;
  const say = (message: string, fields: Readonly<Record<string, unknown>> = {}): void =>
    void shared.said.push(`${message}: ${String(fields['job'] ?? fields['error'])}`);
  const sweeper = startSweeper({ client, stores, log: { info: say, warn: say }, identity });
  sweepers.push(sweeper);
  return sweeper;
}

test('jobs whose workflow is gone are closed, those that are visible as running are not even asked for', async () => {
  const shared = share(['gone', 'runs']);
  shared.running.add('runs');
  await start(shared, 'a').sweep();
  expect([...shared.open.keys()]).toEqual(['runs']);
  expect(shared.described).toEqual(['cluster/cl-gone']);
  expect(shared.said).toEqual(['closed a job that its workflow left open: gone']);
});

test('a held job stays as long as its workflow runs, and is closed with its reason when that is gone', async () => {
  const shared = share(['held', 'lost']);
  const held = { by: 'windlass', why: 'StartService of zk 1 failed', at: OLD };
  for (const jobId of ['held', 'lost']) shared.open.set(jobId, { ...aJob(jobId), status: 'held', held });
  shared.running.add('held');
  await start(shared, 'a').sweep();
  expect([...shared.open.keys()]).toEqual(['held']);
  expect(shared.ends).toMatchObject([
    {
      status: 'failed',
      error: {
        code: 'JOB_ABANDONED',
        message: 'its workflow is gone; it was held: StartService of zk 1 failed',
      },
    },
  ]);
});

test('a job that the list of running ones misses is asked for by itself, and stays when it runs', async () => {
  const shared = share(['unlisted']);
  shared.unlisted.add('unlisted');
  await start(shared, 'a').sweep();
  expect([...shared.open.keys()]).toEqual(['unlisted']);
  expect(shared.described).toEqual(['cluster/cl-unlisted']);
});

test('one sweeper at a time sweeps; when it stops, another one does', async () => {
  const shared = share(['gone']);
  const first = start(shared, 'a');
  const second = start(shared, 'b');
  await first.sweep();
  shared.open.set('later', aJob('later'));
  await second.sweep();
  expect([...shared.open.keys()]).toEqual(['later']);
  await first.stop();
  await second.sweep();
  expect([...shared.open.keys()]).toEqual([]);
});

test('rounds of one sweeper never overlap', async () => {
  const shared = share(['gone']);
  const sweeper = start(shared, 'a');
  let open = (): void => {};
  shared.gate = new Promise((resolve) => (open = resolve));
  const rounds = [sweeper.sweep(), sweeper.sweep(), sweeper.sweep()];
  while (shared.rounds === 0) await new Promise((resolve) => setImmediate(resolve));
  open();
  await Promise.all(rounds);
  expect(shared.mostRounds).toBe(1);
});

test('a job that its own workflow has closed meanwhile is not said to be closed by the sweeper', async () => {
  const shared = share(['ended']);
  const sweeper = start(shared, 'a');
  let open = (): void => {};
  shared.gate = new Promise((resolve) => (open = resolve));
  const round = sweeper.sweep();
  while (shared.rounds === 0) await new Promise((resolve) => setImmediate(resolve));
  // Read as open by the sweeper, and closed since.
  shared.open.clear();
  open();
  await round;
  expect(shared.described).toEqual(['cluster/cl-ended']);
  expect(shared.said).toEqual([]);
});
