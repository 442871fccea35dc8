import { expect, test } from 'vitest';
import type { JobEvent } from '../../../src/client/index.ts';
import { waitForJob } from '../../../src/client/wait-for-job.ts';
import type { JobView } from '../../../src/protocol/index.ts';
import { BASE } from '../../cli/job-sample.ts';

const AT = '2026-01-01T00:00:30.000Z';
const HELD: JobEvent = { event: 'job-held', at: AT, jobId: 'j-1', by: 'ada', why: 'the node is away' };
const RESUMED: JobEvent = { event: 'job-resumed', at: AT, jobId: 'j-1' };
const ENDED: JobEvent = {
  event: 'job-ended',
  at: AT,
  jobId: 'j-1',
  clusterId: 'cl-1',
  action: 'create',
  status: 'successful',
  startedAt: AT,
  error: null,
};

/** A job of which these things happen. */
function jobWith(events: readonly JobEvent[], view: JobView) {
  return {
    async *watch() {
      yield* events;
    },
    describe: async () => view,
  };
}

test('who waits for a job hears of it when it is held: a person may need days', async () => {
  const seen: string[] = [];
  const view: JobView = { ...BASE, status: 'held', held: { by: 'ada', why: 'the node is away', at: AT } };
  const jobs = jobWith([HELD, RESUMED, ENDED], view);
  expect(await waitForJob(jobs, 'j-1', { onEvent: ({ event }) => seen.push(event) })).toEqual(view);
  expect(seen).toEqual(['job-held']);
});

test('a job that continues by itself is waited for until it closes', async () => {
  const seen: string[] = [];
  const view: JobView = { ...BASE, status: 'successful', closedAt: AT };
  const jobs = jobWith([RESUMED, ENDED], view);
  expect(await waitForJob(jobs, 'j-1', { onEvent: ({ event }) => seen.push(event) })).toEqual(view);
  expect(seen).toEqual(['job-resumed', 'job-ended']);
});
