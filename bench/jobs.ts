import type { Client } from '@temporalio/client';
import { jobWorkflowId, type JobView } from '../src/protocol/index.ts';
import type { Bench } from './part.ts';

/** One runtime for each way to measure, named as its provider (bench/worker-process.ts). */
export const RUNTIMES = ['instant', 'instant-no-ledger', 'instant-hang'] as const;
type RuntimeName = (typeof RUNTIMES)[number];

/** A create that has ended well, measured by the server's clock. */
export interface CreatedCluster extends Pick<JobView, 'clusterId' | 'jobId' | 'steps' | 'layers'> {
  readonly workflowId: string;
}

const JOB_LIMIT_MS = 30 * 60_000;

/** Starts a create and does not wait for it. */
export function startCreate(
  { stack, app }: Bench,
  runtime: RuntimeName,
  count: number,
): Promise<{ readonly clusterId: string; readonly jobId: string }> {
  return stack.client.clusters.create({ app, runtime, conf: { cluster: { count } } });
}

/** @throws Error when the job did not end well: then nothing that was measured counts. */
export async function createCluster(
  bench: Bench,
  runtime: RuntimeName,
  count: number,
): Promise<CreatedCluster> {
  const { clusterId, jobId } = await startCreate(bench, runtime, count);
  const job = await bench.stack.client.jobs.wait(jobId, {
    clusterId,
    pollMs: 1_000,
    timeoutMs: JOB_LIMIT_MS,
  });
  if (job.status !== 'successful') throw new Error(`${jobId} ${job.status}: ${job.error?.message ?? ''}`);
  return { ...job, workflowId: jobWorkflowId(clusterId) };
}

/** From start to close of a workflow, as the server has it. */
export async function readDurationMs(temporal: Client, workflowId: string): Promise<number> {
  const { startTime, closeTime } = await temporal.workflow.getHandle(workflowId).describe();
  if (closeTime === undefined) throw new Error(`${workflowId} has not ended`);
  return closeTime.getTime() - startTime.getTime();
}
