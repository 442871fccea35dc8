import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { StartedJob } from '../../src/client/index.ts';
import { jobWorkflowId } from '../../src/protocol/index.ts';
import { waitUntilWorkingOn } from './middle-of-job.ts';
import { auditLedger, EMPTY_WORLD, listTokens, surveyUntil } from './survey.ts';
import { complaintsOf, openTinyLane, waitForEnd, type TinyLane } from './tiny-lane.ts';

const REFUSE = { 'services.start': 'sh opt/windlass/app/bin/service.sh refuse' };
const HANG = { 'services.start': 'sh opt/windlass/app/bin/service.sh hang', 'services.timeout': '6' };

let lane: TinyLane;

beforeAll(async () => {
  lane = await openTinyLane({ number: 14, workers: 1 });
}, 120_000);

afterAll(() => lane.stop(), 120_000);

/** Deletes what a job that did not succeed has left, and looks that it is gone. */
async function expectDeletable(job: StartedJob): Promise<void> {
  expect(await listTokens(lane.world, job.clusterId)).not.toEqual([]);
  const end = await lane.client.clusters.delete(job.clusterId);
  expect(complaintsOf(await waitForEnd(lane.client, end))).toEqual([]);
  expect(await listTokens(lane.world, job.clusterId)).toEqual([]);
  expect(await auditLedger(lane.stack.databaseUrl, lane.world, job.clusterId)).toEqual([]);
}

describe.concurrent('a delete removes all that is left of', () => {
  test('a job that was cancelled in the middle, and keeps what it made', async () => {
    const job = await lane.create();
    await waitUntilWorkingOn(lane.client, job, 'FormatAndMountVolumes');
    await lane.client.jobs.cancel(job.jobId);
    expect(await waitForEnd(lane.client, job)).toMatchObject({ status: 'cancelled' });
    expect(await listTokens(lane.world, job.clusterId)).toHaveLength(4);
    expect(await auditLedger(lane.stack.databaseUrl, lane.world, job.clusterId)).toEqual([]);
    await expectDeletable(job);
  }, 180_000);

  test('a cluster whose service refuses, with its exit code and last output in the job', async () => {
    const job = await lane.create(REFUSE);
    const view = await waitForEnd(lane.client, job);
    expect(view).toMatchObject({ status: 'failed', error: { code: 'SERVICE_FAILED' } });
    expect(view.error?.message).toMatch(/exit code 3.*start refuses, as it was told to/s);
    await expectDeletable(job);
  }, 180_000);

  test('a cluster whose service hangs, which is ended at its limit', async () => {
    const job = await lane.create(HANG);
    const view = await waitForEnd(lane.client, job);
    expect(view).toMatchObject({ status: 'failed', error: { code: 'SERVICE_TIMEOUT' } });
    expect(view.error?.message).toMatch(/limit of 6 s.*start hangs, as it was told to/s);
    await expectDeletable(job);
  }, 180_000);

  test('a job whose workflow was terminated, which the sweeper closes', async () => {
    const job = await lane.create();
    await waitUntilWorkingOn(lane.client, job, 'RunInstances');
    const connection = await Connection.connect({ address: lane.stack.temporal.address });
    const temporal = new Client({ connection, namespace: lane.stack.temporal.namespace });
    await temporal.workflow.getHandle(jobWorkflowId(job.clusterId)).terminate('by hand');
    await connection.close();
    expect(await waitForEnd(lane.client, job)).toMatchObject({
      status: 'failed',
      error: { code: 'JOB_ABANDONED' },
    });
    await expectDeletable(job);
  }, 180_000);
});

test('nothing at all is left after that', async () => {
  expect(await surveyUntil(lane.world, EMPTY_WORLD)).toEqual(EMPTY_WORLD);
});
