import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { StartedJob } from '../../src/client/index.ts';
import { jobWorkflowId } from '../../src/protocol/index.ts';
import { waitUntilWorkingOn } from './middle-of-job.ts';
import { auditLedger, EMPTY_CLOUD, listTokens, waitForSnapshot } from './snapshot-cloud.ts';
import { problemsOf, openLocalScenario, waitForEnd, type LocalScenario } from './local-scenario.ts';

const REFUSE = { 'services.start': 'sh opt/windlass/app/bin/service.sh refuse' };
const HANG = { 'services.start': 'sh opt/windlass/app/bin/service.sh hang', 'services.timeout': '6' };

let scenario: LocalScenario;

beforeAll(async () => {
  scenario = await openLocalScenario({ number: 14, workers: 1 });
}, 120_000);

afterAll(() => scenario.stop(), 120_000);

/** Deletes what a failed job has left, and checks that it is gone. */
async function expectDeletable(job: StartedJob): Promise<void> {
  expect(await listTokens(scenario.cloud, job.clusterId)).not.toEqual([]);
  const end = await scenario.client.clusters.delete(job.clusterId);
  expect(problemsOf(await waitForEnd(scenario.client, end))).toEqual([]);
  expect(await listTokens(scenario.cloud, job.clusterId)).toEqual([]);
  expect(await auditLedger(scenario.stack.databaseUrl, scenario.cloud, job.clusterId)).toEqual([]);
}

describe.concurrent('a delete removes all that is left of', () => {
  test('a job that was cancelled in the middle, and keeps what it made', async () => {
    const job = await scenario.create();
    await waitUntilWorkingOn(scenario.client, job, 'FormatAndMountVolumes');
    await scenario.client.jobs.cancel(job.jobId);
    expect(await waitForEnd(scenario.client, job)).toMatchObject({ status: 'cancelled' });
    expect(await listTokens(scenario.cloud, job.clusterId)).toHaveLength(4);
    expect(await auditLedger(scenario.stack.databaseUrl, scenario.cloud, job.clusterId)).toEqual([]);
    await expectDeletable(job);
  }, 180_000);

  test('a cluster whose service refuses, with its exit code and last output in the job', async () => {
    const job = await scenario.create(REFUSE);
    const view = await waitForEnd(scenario.client, job);
    expect(view).toMatchObject({ status: 'failed', error: { code: 'SERVICE_FAILED' } });
    expect(view.error?.message).toMatch(/exit code 3.*start refuses, as it was told to/s);
    await expectDeletable(job);
  }, 180_000);

  test('a cluster whose service hangs, which is ended at its limit', async () => {
    const job = await scenario.create(HANG);
    const view = await waitForEnd(scenario.client, job);
    expect(view).toMatchObject({ status: 'failed', error: { code: 'SERVICE_TIMEOUT' } });
    expect(view.error?.message).toMatch(/timeout of 6 s.*start hangs, as it was told to/s);
    await expectDeletable(job);
  }, 180_000);

  test('a job whose workflow was terminated, which the sweeper closes', async () => {
    const job = await scenario.create();
    await waitUntilWorkingOn(scenario.client, job, 'RunInstances');
    const connection = await Connection.connect({ address: scenario.stack.temporal.address });
    const temporal = new Client({ connection, namespace: scenario.stack.temporal.namespace });
    await temporal.workflow.getHandle(jobWorkflowId(job.clusterId)).terminate('by hand');
    await connection.close();
    expect(await waitForEnd(scenario.client, job)).toMatchObject({
      status: 'failed',
      error: { code: 'JOB_ABANDONED' },
    });
    await expectDeletable(job);
  }, 180_000);
});

test('nothing at all is left after that', async () => {
  expect(await waitForSnapshot(scenario.cloud, EMPTY_CLOUD)).toEqual(EMPTY_CLOUD);
});
