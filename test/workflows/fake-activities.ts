import { setTimeout as sleep } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { JobActivities, JobEnd, TaskActivities } from '../../src/protocol/index.ts';
import {
  TASK_ACTIONS,
  type ErrorInfo,
  type LayerShape,
  type QueueScope,
  type TaskAction,
} from '../../src/domain/index.ts';

/**
 * What one activity does: it is done, it fails for good, it goes on until it is cancelled; or it ends
 * as an activity may end after a cancel without being told of it in time: its worker died, or it failed
 * as what is tried again.
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
}

/** A job that exists only here, and what its workflow did with it. */
export interface ScriptedJob {
  readonly layers: readonly ScriptedLayer[];
  /** Fails BeginJob. */
  readonly refused?: ErrorInfo;
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
  const planOf = ({ layers }: ScriptedJob): readonly LayerShape[] =>
    layers.map(({ name, tasks }, index) => ({ index, name, total: tasks.length }));
  const engine: JobActivities = {
    async BeginJob({ jobId }) {
      const job = find(jobId);
      job.calls.push('BeginJob');
      await job.beginning;
      if (job.refused !== undefined) throw toFailure(job.refused);
      return { queues: FAKE_QUEUES, timing: { heartbeatSeconds: 2 }, closed: null, layers: planOf(job) };
    },
    async loadSlice({ jobId, layerIndex, offset, limit }) {
      const tasks = find(jobId).layers[layerIndex]?.tasks.slice(offset, offset + limit) ?? [];
      return tasks.map(({ action, label, failureAllowed = false }, index) => ({
        taskId: `${jobId}.${layerIndex}.${offset + index}`,
        action,
        label,
        failureAllowed,
      }));
    },
    async EndJob({ jobId, refresh, ...end }) {
      const job = find(jobId);
      job.calls.push(refresh ? 'EndJob with a look at the cloud' : 'EndJob');
      job.closed = end;
      return { error: end.error ?? (end.status === 'failed' ? TASK_ERROR : null) };
    },
  };
  const actions = Object.keys(TASK_ACTIONS) as TaskAction[];
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
  const { calls, layers } = find(jobId);
  const layer = layers[Number(layerIndex)];
  const task = layer?.tasks[Number(index)];
  if (layer === undefined || task === undefined) throw new Error(`the script has no ${taskId}`);
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
        await untilBegun(calls, layerIndex, layer.tasks.length);
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
