import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';
import { READS_QUEUE, type Reads } from '../domain/index.ts';
import { refuseClearSecrets } from './clear-text.ts';
import { toWindlassError, type ServerPlace } from './to-windlass-error.ts';

/** A worker that took a request answers within this. */
const ANSWER_MS = 60_000;
/** What fetches from elsewhere may take longer. */
const PULL_MS = 300_000;
/**
 * A worker that took a request says steadily that it is alive. A busy server may count a request as
 * taken that no worker was handed: without this, such a one is noticed only after its whole time.
 */
const HEARTBEAT_MS = 10_000;
/** Tries by workers, for errors whose kind is retried. */
const RETRY = { initialInterval: 200, maximumAttempts: 3 };

/** Every read, so that the proxy answers to these names alone. */
export const READ_NAMES: Readonly<Record<keyof Reads, true>> = {
  getSealingKey: true,
  describeWorker: true,
  createRuntime: true,
  updateRuntime: true,
  deleteRuntime: true,
  listRuntimes: true,
  describeRuntime: true,
  validateRuntime: true,
  listZones: true,
  listSubnets: true,
  describeVpc: true,
  beginAppUpload: true,
  putAppPart: true,
  registerApp: true,
  registerChart: true,
  releaseApp: true,
  listApps: true,
  describeApp: true,
  checkCreateCluster: true,
  checkJob: true,
  describeCluster: true,
  readMetadata: true,
  listClusters: true,
  describeJob: true,
  findJob: true,
  listJobs: true,
};

/**
 * The reads of the workers, as functions: each call is one standalone activity.
 *
 * @param workerTimeoutMs how long a request waits for a worker to take it, then `NO_WORKER`.
 */
export function createReadsClient(client: Client, place: ServerPlace, workerTimeoutMs: number): Reads {
  const run = async (name: string, args: readonly unknown[]): Promise<unknown> => {
    refuseClearSecrets(args);
    try {
      return await client.activity.execute<unknown>(name, {
        id: `${name}/${randomUUID()}`,
        taskQueue: READS_QUEUE,
        args,
        scheduleToStartTimeout: workerTimeoutMs,
        startToCloseTimeout: name === 'registerChart' ? PULL_MS : ANSWER_MS,
        heartbeatTimeout: HEARTBEAT_MS,
        retry: RETRY,
      });
    } catch (error) {
      throw toWindlassError(error, place);
    }
  };
  const names = Object.keys(READ_NAMES);
  return Object.fromEntries(
    names.map((name) => [name, (...args: readonly unknown[]) => run(name, args)]),
  ) as unknown as Reads;
}
