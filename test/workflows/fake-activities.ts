import { setTimeout as sleep } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { JobActivities, JobEnd, TaskActivities } from '../../src/protocol/index.ts';
import {
  TASK_ACTION_NAMES,
  type ErrorInfo,
  type FlatPlan,
  type PlannedTask,
  type QueueScope,
  type StepRuns,
  type TaskAction,
} from '../../src/domain/index.ts';
import { createLanes, createLayer, flattenPlan } from '../../src/plan/index.ts';

/**
 * The behaviour of one activity: it is done, it fails permanently, it runs until it is cancelled; or it
 * ends as an activity may end after a cancel that it did not learn of in time: its worker died, or it
 * failed with a retryable error.
 */
type Deed = 'done' | 'fails' | 'hangs' | 'dies' | 'would be tried again';

/** A task of a scripted job. */
export interface ScriptedTask {
  readonly action: TaskAction;
  readonly label: string;
  readonly failureAllowed?: boolean;
  /** `started` by default: then the wait follows. `meets`: done once every task of its layer has begun. */
  readonly handle?: Deed | 'started' | 'meets' | 'finishes after a cancel';
  readonly wait?: Deed;
}

export interface ScriptedLayer {
  readonly name: string;
  readonly tasks: readonly ScriptedTask[];
  readonly runs?: StepRuns;
}

export interface ScriptedLanes {
  readonly name: string;
  readonly lanes: readonly (readonly ScriptedLayer[])[];
  readonly atOnce?: number;
  readonly runs?: StepRuns;
}

export type ScriptedStep = ScriptedLayer | ScriptedLanes;

/** A job that exists only here, and what its workflow did with it. */
export interface ScriptedJob {
  readonly steps: readonly ScriptedStep[];
  /** Fails BeginJob. */
  readonly refused?: ErrorInfo;
  /** Fails EndJob where it looks at the cloud. */
  readonly cloudIsAway?: boolean;
  /** BeginJob ends when this does. */
  readonly beginning?: Promise<void>;
  /** In order: `begin RunInstances 0.1`, `end WaitRunInstances 0.1`, `EndJob` … */
  readonly calls: string[];
  closed: JobEnd | null;
}

export const FAKE_QUEUES: QueueScope = { provider: 'fake', account: 'account', region: 'region' };

export const TASK_ERROR: ErrorInfo = {
  kind: 'quota',
  code: 'SCRIPTED',
  message: 'the script says that it fails',
};

/** The script as the product stores a plan; what a task does stays with it. */
function planOf({ steps }: ScriptedJob): FlatPlan {
  // No provider reads the directive of a script's task.
  const toTask = ({ failureAllowed = false, ...task }: ScriptedTask): PlannedTask => {
    const rest = { nodeId: null, directive: {}, resources: [], timeoutSeconds: 60 };
    return { ...task, ...rest, failureAllowed } as unknown as PlannedTask;
  };
  const toLayer = ({ name, tasks, runs }: ScriptedLayer) => createLayer(name, tasks.map(toTask), runs);
  return flattenPlan(
    steps.map((step) => {
      if ('tasks' in step) return toLayer(step);
      const { name, lanes, ...options } = step;
      return createLanes(
        name,
        lanes.map((layers, index) => ({ label: `lane ${index}`, layers: layers.map(toLayer) })),
        options,
      );
    }),
  );
}

/** Plain objects in the place of all activities of a job: no database, no provider. */
export function createFakeActivities(jobs: ReadonlyMap<string, ScriptedJob>): {
  readonly engine: JobActivities;
  readonly tasks: TaskActivities;
} {
  const find = (jobId: string): ScriptedJob => {
    const job = jobs.get(jobId);
    if (job === undefined) throw new Error(`no script for ${jobId}`);
    return job;
  };
  const engine: JobActivities = {
    async BeginJob({ jobId }) {
      const job = find(jobId);
      job.calls.push('BeginJob');
      await job.beginning;
      if (job.refused !== undefined) throw toFailure(job.refused);
      const { steps } = planOf(job);
      return { queues: FAKE_QUEUES, timing: { heartbeatSeconds: 2 }, closed: null, steps };
    },
    async loadSlice({ jobId, slice: { step, of, from, to } }) {
      const { steps, tasks } = planOf(find(jobId));
      const layers = steps[step]?.layers ?? [];
      const lanes = of === 'tasks' ? [null] : Array.from({ length: to - from }, (_, index) => from + index);
      return lanes.map((lane) =>
        layers
          .map(({ index }) =>
            tasks
              .filter((task) => task.layerIndex === index && task.lane === lane)
              .filter((task) => lane !== null || (task.index >= from && task.index < to))
              .map(({ action, label, failureAllowed, layerIndex, index: number }) => ({
                taskId: `${jobId}.${layerIndex}.${number}`,
                action,
                label,
                failureAllowed,
              })),
          )
          .filter((refs) => refs.length > 0),
      );
    },
    async EndJob({ jobId, refresh, ...end }) {
      const job = find(jobId);
      job.calls.push(refresh ? 'EndJob with a look at the cloud' : 'EndJob');
      if (refresh && job.cloudIsAway === true) throw toFailure(TASK_ERROR);
      job.closed = end;
      return { error: end.error ?? (end.status === 'failed' ? TASK_ERROR : null) };
    },
  };
  const actions = TASK_ACTION_NAMES;
  const tasks = Object.fromEntries(
    actions.flatMap((action) => [
      [action, (request: { taskId: string }) => runTask(find, request.taskId, 'handle')],
      [`Wait${action}`, (request: { taskId: string }) => runTask(find, request.taskId, 'wait')],
    ]),
  ) as unknown as TaskActivities;
  return { engine, tasks };
}

async function runTask(
  find: (jobId: string) => ScriptedJob,
  taskId: string,
  place: 'handle' | 'wait',
): Promise<{ wait: boolean }> {
  const [jobId = '', layerIndex = '', index = ''] = taskId.split('.');
  const job = find(jobId);
  const { calls } = job;
  const layer = planOf(job).tasks.filter((task) => task.layerIndex === Number(layerIndex));
  const task: ScriptedTask | undefined = layer[Number(index)];
  if (task === undefined) throw new Error(`the script has no ${taskId}`);
  const name = `${Context.current().info.activityType} ${layerIndex}.${index}`;
  calls.push(`begin ${name}`);
  try {
    const deed = place === 'handle' ? (task.handle ?? 'started') : (task.wait ?? 'done');
    switch (deed) {
      case 'fails':
        throw toFailure(TASK_ERROR);
      case 'hangs':
        await untilCancelled();
        break;
      case 'finishes after a cancel':
        await untilCancelled().catch(() => {});
        break;
      case 'dies':
        await Context.current().cancelled;
        break;
      case 'would be tried again':
        await untilCancelled().catch(() => {});
        throw ApplicationFailure.create({ message: 'not there yet', type: 'PENDING' });
      case 'meets':
        await untilBegun(calls, layerIndex, layer.length);
        break;
      case 'started':
      case 'done':
        break;
    }
    return { wait: deed !== 'done' };
  } finally {
    calls.push(`end ${name}`);
  }
}

/** Rejects when the activity is cancelled; heartbeats are what brings the news. */
async function untilCancelled(): Promise<void> {
  const context = Context.current();
  for (;;) {
    context.heartbeat();
    await Promise.race([sleep(100), context.cancelled]);
  }
}

async function untilBegun(calls: readonly string[], layerIndex: string, total: number): Promise<void> {
  const begun = (): number =>
    calls.filter((call) => call.startsWith('begin') && call.includes(` ${layerIndex}.`)).length;
  while (begun() < total) {
    Context.current().heartbeat();
    await sleep(10);
  }
}

function toFailure(error: ErrorInfo): ApplicationFailure {
  return ApplicationFailure.create({
    message: error.message,
    type: error.code,
    nonRetryable: true,
    details: [error],
  });
}
