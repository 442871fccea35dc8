import { randomUUID } from 'node:crypto';
import { ActivityExecutionFailedError, type Client } from '@temporalio/client';
import { TimeoutFailure } from '@temporalio/common';
import { WindlassError } from '../domain/index.ts';
import { providerQueue, REQUEST_NAMES, REQUESTS_QUEUE, type Requests } from '../protocol/index.ts';
import { refuseClearSecrets } from './clear-text.ts';
import { answerTimeout, toWindlassError, type ServerAddress } from './to-windlass-error.ts';

/** A worker that took a request answers within this. */
const ANSWER_MS = 60_000;
/** Requests that fetch from other hosts may take longer. */
const PULL_MS = 300_000;
/**
 * A worker sends heartbeats while it works on a request. The server may mark a request as started
 * although no worker received it; the heartbeat timeout detects that.
 */
const HEARTBEAT_MS = 10_000;
/** Attempts by workers, for errors whose kind is retried. */
const RETRY = { initialInterval: 200, maximumAttempts: 3 };

/**
 * The requests that workers answer, as functions: each call is one standalone activity.
 *
 * @param workerTimeoutMs how long a request waits for a worker to take it, then `NO_WORKER`.
 */
export function createRequestsClient(
  client: Client,
  server: ServerAddress,
  workerTimeoutMs: number,
): Requests {
  const send = async (name: string, args: readonly unknown[], taskQueue: string): Promise<unknown> => {
    const id = `${name}/${randomUUID()}`;
    try {
      return await client.activity.execute<unknown>(name, {
        id,
        taskQueue,
        args,
        scheduleToStartTimeout: workerTimeoutMs,
        startToCloseTimeout: name === 'registerChart' ? PULL_MS : ANSWER_MS,
        heartbeatTimeout: HEARTBEAT_MS,
        retry: RETRY,
      });
    } catch (error) {
      throw (await wasTaken(client, id, error))
        ? answerTimeout(server.workerLog)
        : toWindlassError(error, server);
    }
  };
  const run = async (name: string, args: readonly unknown[]): Promise<unknown> => {
    refuseClearSecrets(args);
    try {
      return await send(name, args, REQUESTS_QUEUE);
    } catch (error) {
      const provider = readProvider(error);
      if (provider === null) throw error;
      return send(name, args, providerQueue('requests', provider));
    }
  };
  return Object.fromEntries(
    REQUEST_NAMES.map((name) => [name, (...args: readonly unknown[]) => run(name, args)]),
  ) as unknown as Requests;
}

/**
 * Whether a worker had the request before the last attempt, which no worker took. A worker that took it
 * and was lost may have carried it out.
 */
async function wasTaken(client: Client, id: string, error: unknown): Promise<boolean> {
  if (!(error instanceof ActivityExecutionFailedError)) return false;
  if (!(error.cause instanceof TimeoutFailure) || error.cause.timeoutType !== 'SCHEDULE_TO_START')
    return false;
  try {
    return (await client.activity.getHandle(id).describe()).attempt > 1;
  } catch {
    // It is only known that no worker took it now.
    return false;
  }
}

/** The provider that the request needs, if the worker that took it says that another one has it. */
function readProvider(error: unknown): string | null {
  if (!WindlassError.isInstance(error) || error.code !== 'PROVIDER_ELSEWHERE') return null;
  return error.details?.[0]?.message ?? null;
}
