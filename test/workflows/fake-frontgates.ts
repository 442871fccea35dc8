import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import {
  ACQUIRE_FRONTGATE,
  providerQueue,
  FRONTGATE_WORKFLOW,
  frontgateWorkflowId,
  READ_FRONTGATE,
  RELEASE_FRONTGATE,
  WORKFLOW_QUEUE,
  type FrontgateActivities,
  type FrontgateNews,
  type FrontgateState,
  type JobActivities,
  type RunJobInput,
} from '../../src/protocol/index.ts';
import { findCacheFolder } from '../../src/config/index.ts';
import {
  FRONTGATE_NEEDED,
  type ClusterStatus,
  type ErrorInfo,
  type FrontgateUse,
  statusAfterSuccess,
} from '../../src/domain/index.ts';
import { openWorkflowBundle } from '../../src/worker/index.ts';
import { startTemporal } from '../kit/temporal.ts';
import { FAKE_QUEUES } from './fake-activities.ts';

/** One runtime and VPC without a database or a cloud: what its rows would say, and the jobs that came. */
export interface FrontgatePlan {
  readonly members: Map<string, FrontgateUse>;
  cluster: { clusterId: string; status: ClusterStatus } | null;
  made: number;
  /** `create fg-1`, in order. */
  readonly jobs: string[];
  /** How many members needed it when each job began. */
  readonly neededAtBegin: number[];
  /** Refuses the next jobs, one each. */
  readonly refusals: (ErrorInfo | null)[];
  /** Jobs wait here before they end. */
  gate: Promise<void>;
  /** What the cloud says when it is asked. */
  lost: boolean;
  inspections: number;
  loads: number;
  deletedRuntime: boolean;
}

/** The workflow of frontgates as it is, on a real server, over such places. */
export interface FrontgateStack {
  /** A place of its own. */
  open(): {
    readonly place: FrontgatePlan;
    /** As the tasks of a cluster do it: the row, then the signal. */
    say(clusterId: string, use: FrontgateNews['use']): Promise<void>;
    ask(): Promise<FrontgateState>;
    readonly handle: WorkflowHandle;
  };
  stop(): Promise<void>;
}

export async function startFrontgateStack(): Promise<FrontgateStack> {
  const logging = { filter: 'off', forward: {} };
  Runtime.install({ logger: new DefaultLogger('ERROR', () => {}), telemetryOptions: { logging } });
  const temporal = await startTemporal();
  const { address, namespace } = temporal;
  const connection = await NativeConnection.connect({ address });
  const places = new Map<string, FrontgatePlan>();
  const jobs = new Map<string, RunJobInput>();
  const { engine, frontgates } = createActivities(places, jobs);
  const { BeginJob, EndJob, loadSlice } = engine;
  const { LoadFrontgate, InspectFrontgate } = frontgates;
  const workers = await Promise.all([
    Worker.create({
      connection,
      namespace,
      taskQueue: WORKFLOW_QUEUE,
      workflowBundle: await openWorkflowBundle(findCacheFolder(process.env)),
      activities: { EndJob, loadSlice, LoadFrontgate },
    }),
    Worker.create({
      connection,
      namespace,
      taskQueue: providerQueue('effects', FAKE_QUEUES.provider),
      activities: { BeginJob, EndJob, InspectFrontgate },
    }),
  ]);
  const running = Promise.all(workers.map((worker) => worker.run()));
  const client = new Client({ connection: await Connection.connect({ address }), namespace });
  return {
    open() {
      const runtimeId = `rt-${places.size + 1}`;
      const place: FrontgatePlan = {
        members: new Map(),
        cluster: null,
        made: 0,
        jobs: [],
        neededAtBegin: [],
        refusals: [],
        gate: Promise.resolve(),
        lost: false,
        inspections: 0,
        loads: 0,
        deletedRuntime: false,
      };
      places.set(runtimeId, place);
      const workflowId = frontgateWorkflowId({ runtimeId, vpcId: 'vpc-1' });
      const handle = client.workflow.getHandle(workflowId);
      return {
        place,
        handle,
        async say(clusterId, use) {
          if (use === 'none') place.members.delete(clusterId);
          else place.members.set(clusterId, use);
          await client.workflow.signalWithStart(FRONTGATE_WORKFLOW, {
            taskQueue: WORKFLOW_QUEUE,
            workflowId,
            args: [{ runtimeId, vpcId: 'vpc-1' }],
            signal: use === 'needed' ? ACQUIRE_FRONTGATE : RELEASE_FRONTGATE,
            signalArgs: [{ clusterId, use }],
          });
        },
        ask: () => handle.query<FrontgateState>(READ_FRONTGATE),
      };
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

function createActivities(
  places: ReadonlyMap<string, FrontgatePlan>,
  jobs: Map<string, RunJobInput>,
): { readonly engine: JobActivities; readonly frontgates: FrontgateActivities } {
  const findPlace = (runtimeId: string): FrontgatePlan => {
    const place = places.get(runtimeId);
    if (place === undefined) throw new Error(`no place ${runtimeId}`);
    return place;
  };
  const findJob = (jobId: string): { input: RunJobInput; place: FrontgatePlan } => {
    const input = jobs.get(jobId);
    if (input === undefined) throw new Error(`no job ${jobId}`);
    return { input, place: findPlace(input.frontgate?.runtimeId ?? '') };
  };
  const timing = { heartbeatSeconds: 2 };
  const engine: JobActivities = {
    async BeginJob(input) {
      jobs.set(input.jobId, input);
      const { place } = findJob(input.jobId);
      const needed = [...place.members.values()].some((use) => use === 'needed');
      const ends = input.action === 'stop' || input.action === 'delete';
      if (ends && needed && place.cluster?.status !== 'failed')
        throw toFailure({ kind: 'conflict', code: FRONTGATE_NEEDED, message: 'clusters need it' });
      place.jobs.push(`${input.action} ${input.clusterId}`);
      place.neededAtBegin.push([...place.members.values()].filter((use) => use === 'needed').length);
      if (input.action === 'create') {
        place.made += 1;
        place.cluster = { clusterId: input.clusterId, status: 'pending' };
      }
      await place.gate;
      const refusal = place.refusals.shift() ?? null;
      if (refusal !== null) throw toFailure(refusal);
      return { queues: FAKE_QUEUES, timing, closed: null, steps: [] };
    },
    loadSlice: async () => [],
    async EndJob({ jobId, status, error }) {
      const { input, place } = findJob(jobId);
      const to = status === 'successful' ? statusAfterSuccess(input.action, 'active') : 'failed';
      place.cluster = to === 'deleted' ? null : { clusterId: input.clusterId, status: to };
      return { error };
    },
  };
  const frontgates: FrontgateActivities = {
    async LoadFrontgate({ runtimeId }) {
      const place = findPlace(runtimeId);
      place.loads += 1;
      if (place.deletedRuntime) return null;
      return {
        queues: FAKE_QUEUES,
        timing,
        members: [...place.members].map(([clusterId, use]) => ({ clusterId, use })),
        cluster: place.cluster,
        busy: false,
        nextClusterId: `fg-${runtimeId}-${place.made + 1}`,
        subnetId: 'subnet-1',
      };
    },
    async InspectFrontgate({ clusterId }) {
      const place = [...places.values()].find(({ cluster }) => cluster?.clusterId === clusterId);
      if (place === undefined) return;
      place.inspections += 1;
      if (place.lost && place.cluster !== null) place.cluster = { clusterId, status: 'failed' };
      place.lost = false;
    },
  };
  return { engine, frontgates };
}

function toFailure(error: ErrorInfo): ApplicationFailure {
  return ApplicationFailure.create({
    message: error.message,
    type: error.code,
    nonRetryable: true,
    details: [error],
  });
}
