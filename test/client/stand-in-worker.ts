import { fileURLToPath } from 'node:url';
import { Context } from '@temporalio/activity';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { WindlassError } from '../../src/domain/index.ts';
import { REQUESTS_QUEUE, WORKFLOW_QUEUE, type Requests } from '../../src/protocol/index.ts';

/** What the workers of the test answer; a test changes it as it goes. */
export type RequestsTable = { -readonly [Name in keyof Requests]?: Requests[Name] };

/** Workers whose reads come from a table, and whose jobs end when the test says so. */
export interface StandInWorkers {
  readonly requests: RequestsTable;
  readonly temporal: Client;
  job(clusterId: string): WorkflowHandle;
  stop(): Promise<void>;
}

/** How the wait of the stand-in job last looked. */
export const OBSERVATION = '2 of 3 are there';

export async function startStandInWorkers(address: string, namespace: string): Promise<StandInWorkers> {
  // What workers log of the errors that the tests provoke is of no interest.
  const logging = { filter: 'off', forward: {} };
  Runtime.install({ logger: new DefaultLogger('ERROR', () => {}), telemetryOptions: { logging } });
  const connection = await NativeConnection.connect({ address });
  const table: RequestsTable = {};
  const workers = await Promise.all([
    Worker.create({
      connection,
      namespace,
      taskQueue: WORKFLOW_QUEUE,
      workflowsPath: fileURLToPath(new URL('./stand-in-workflows.ts', import.meta.url)),
    }),
    Worker.create({ connection, namespace, taskQueue: REQUESTS_QUEUE, activities: toActivities(table) }),
    Worker.create({ connection, namespace, taskQueue: 'stand-in', activities: { WaitStandIn } }),
  ]);
  const running = Promise.all(workers.map((worker) => worker.run()));
  const client = new Client({ connection: await Connection.connect({ address }), namespace });
  return {
    requests: table,
    temporal: client,
    job: (clusterId) => client.workflow.getHandle(`cluster/${clusterId}`),
    async stop() {
      for (const worker of workers) worker.shutdown();
      await running;
      await client.connection.close();
      await connection.close();
    },
  };
}

/** Looks once, and frees its slot, as the engine's waits do. */
async function WaitStandIn(): Promise<void> {
  const firstSeenAt = new Date().toISOString();
  Context.current().heartbeat({ firstSeenAt, observation: OBSERVATION, failures: 2 });
  throw ApplicationFailure.create({
    message: OBSERVATION,
    type: 'PENDING',
    category: ApplicationFailureCategory.BENIGN,
    nextRetryDelay: 200,
  });
}

function toActivities(table: RequestsTable): Record<string, (...args: never[]) => Promise<unknown>> {
  const names: readonly (keyof Requests)[] = [
    ...([
      'getSealingKey',
      'describeWorker',
      'beginAppUpload',
      'putAppPart',
      'registerApp',
      'describeApp',
    ] as const),
    ...([
      'checkCreateCluster',
      'checkJob',
      'describeCluster',
      'describeJob',
      'findJob',
      'createRuntime',
    ] as const),
    ...(['updateRuntime', 'describeRuntime', 'listRuntimes'] as const),
  ];
  const answer =
    (name: keyof Requests) =>
    async (...args: never[]): Promise<unknown> => {
      const read = table[name] as ((...given: never[]) => Promise<unknown>) | undefined;
      if (read === undefined) throw new Error(`the test answers no ${name}`);
      try {
        return await read(...args);
      } catch (error) {
        if (!WindlassError.isInstance(error)) throw error;
        throw ApplicationFailure.create({
          message: error.message,
          type: error.code,
          nonRetryable: true,
          details: [error.toInfo()],
        });
      }
    };
  return Object.fromEntries(names.map((name) => [name, answer(name)]));
}
