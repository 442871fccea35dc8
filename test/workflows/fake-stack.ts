import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { defineSearchAttributeKey } from '@temporalio/common';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { findCacheFolder } from '../../src/config/index.ts';
import {
  jobWorkflowId,
  RUN_JOB_WORKFLOW,
  SEARCH_ATTRIBUTES,
  providerQueue,
  WORKFLOW_QUEUE,
  type ProviderWork,
  type RunJobInput,
} from '../../src/protocol/index.ts';
import { openWorkflowBundle } from '../../src/worker/index.ts';
import { startTemporal } from '../kit/temporal.ts';
import { createFakeActivities, FAKE_QUEUES, type ScriptedJob, type ScriptedStep } from './fake-activities.ts';

/** The workflows as they are, on a real server, with activities that only follow a script. */
export interface FakeStack {
  readonly client: Client;
  /** Starts a job of its own cluster. */
  start(
    steps: readonly ScriptedStep[],
    more?: Pick<ScriptedJob, 'refused' | 'cloudIsAway' | 'beginning'>,
  ): Promise<{ readonly job: ScriptedJob; readonly jobId: string; readonly handle: WorkflowHandle }>;
  stop(): Promise<void>;
}

/** @param settings of the server's dynamic configuration */
export async function startFakeStack(settings: Readonly<Record<string, string>> = {}): Promise<FakeStack> {
  // What workers log of the failures that the scripts ask for is of no interest.
  const logging = { filter: 'off', forward: {} };
  Runtime.install({ logger: new DefaultLogger('ERROR', () => {}), telemetryOptions: { logging } });
  const temporal = await startTemporal(settings);
  const { address, namespace } = temporal;
  const connection = await NativeConnection.connect({ address });
  const jobs = new Map<string, ScriptedJob>();
  const { engine, tasks } = createFakeActivities(jobs);
  const { BeginJob, EndJob, loadSlice } = engine;
  const queue = (work: ProviderWork): string => providerQueue(work, FAKE_QUEUES.provider);
  const shared = { connection, namespace, maxHeartbeatThrottleInterval: '200 ms' } as const;
  const workers = await Promise.all([
    Worker.create({
      ...shared,
      taskQueue: WORKFLOW_QUEUE,
      workflowBundle: await openWorkflowBundle(findCacheFolder(process.env)),
      activities: { EndJob, loadSlice },
    }),
    Worker.create({
      ...shared,
      taskQueue: queue('effects'),
      activities: { ...tasks, BeginJob, EndJob },
    }),
    Worker.create({ ...shared, taskQueue: queue('waits'), activities: tasks }),
    Worker.create({ ...shared, taskQueue: queue('nodes'), activities: tasks }),
  ]);
  const running = Promise.all(workers.map((worker) => worker.run()));
  const client = new Client({ connection: await Connection.connect({ address }), namespace });
  return {
    client,
    async start(steps, more = {}) {
      const number = jobs.size + 1;
      const input: RunJobInput = {
        jobId: `job-${number}`,
        clusterId: `cl-${number}`,
        action: 'create',
        options: {},
        requestedBy: 'tester',
        provider: FAKE_QUEUES.provider,
      };
      const job: ScriptedJob = { steps, calls: [], closed: null, ...more };
      jobs.set(input.jobId, job);
      const handle = await client.workflow.start(RUN_JOB_WORKFLOW, {
        taskQueue: WORKFLOW_QUEUE,
        workflowId: jobWorkflowId(input.clusterId),
        args: [input],
        typedSearchAttributes: [
          { key: defineSearchAttributeKey(SEARCH_ATTRIBUTES.status, 'KEYWORD'), value: 'working' },
        ],
      });
      return { job, jobId: input.jobId, handle };
    },
    async stop() {
      for (const worker of workers) worker.shutdown();
      await running;
      await client.connection.close();
      await connection.close();
      await temporal.stop();
    },
  };
}
