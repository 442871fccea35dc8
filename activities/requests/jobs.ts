import {
  cutText,
  isOpenJobStatus,
  MAX_ANSWER_BYTES,
  providerAway,
  type ErrorInfo,
  type Job,
  type JobCommand,
  type LayerShape,
  type StepShape,
  type StoredTask,
} from '../../src/domain/index.ts';
import type {
  JobCommandView,
  JobSummary,
  LayerView,
  Requests,
  StepView,
  TaskView,
} from '../../src/protocol/index.ts';
import type { LayerCount } from '../../src/db/index.ts';
import { answerBytes } from '../check-answer.ts';
import type { ActivityDependencies } from '../dependencies.ts';

type JobRequests = Pick<Requests, 'describeJob' | 'findJob' | 'listJobs'>;

/**
 * A job with up to this many tasks is shown completely; a larger one by its counts and its unfinished
 * tasks.
 */
const SHOWN_TASKS = 200;
const SHOWN_COMMANDS = 50;

export function createJobRequests(dependencies: ActivityDependencies): JobRequests {
  const { jobs, runtimes, tasks, workers } = dependencies.stores;
  async function listShown(
    jobId: string,
    shape: readonly LayerShape[],
    layer: number | undefined,
  ): Promise<readonly StoredTask[]> {
    if (shape.reduce((sum, one) => sum + one.total, 0) <= SHOWN_TASKS) return tasks.list(jobId);
    const unfinished = await tasks.listUnsuccessful(jobId);
    if (layer === undefined) return unfinished;
    return [...unfinished.filter((task) => task.layerIndex !== layer), ...(await tasks.list(jobId, layer))];
  }

  /** What an open job as a whole waits for; a held one waits for a person. */
  async function findObstacle({ status, runtimeId }: Job): Promise<ErrorInfo | null> {
    if (!isOpenJobStatus(status) || status === 'held') return null;
    const { provider } = await runtimes.get(runtimeId);
    const isThere = Object.hasOwn(await workers.listProviders(), provider);
    return isThere ? null : providerAway(provider).toInfo();
  }

  return {
    async describeJob({ jobId, layer }) {
      const job = await jobs.get(jobId);
      const steps = (await jobs.loadShape(jobId)) ?? [];
      const shape = steps.flatMap((step) => step.layers);
      const planHash = await jobs.findPlanHash(jobId);
      const counts = await tasks.countByLayer(jobId);
      const rows = await listShown(jobId, shape, layer);
      const commands = (await jobs.listCommands(jobId)).slice(-SHOWN_COMMANDS).map(toCommandView);
      const error = job.error ?? (await findObstacle(job));
      return shortenErrors((say) => ({
        ...toJobSummary({ ...job, error }),
        layers: shape.map((one) => toLayerView(one, counts, rows, say)),
        commands,
        steps: steps.map(toStepView),
        planHash,
      }));
    },

    async findJob({ jobId }) {
      const job = await jobs.find(jobId);
      return job === null ? null : toJobSummary(job);
    },

    async listJobs(page) {
      const found = await jobs.list(page);
      return shortenErrors((say) => found.map((job) => ({ ...toJobSummary(job), error: say(job.error) })));
    },
  };
}

function toJobSummary(job: Job): JobSummary {
  const { jobId, clusterId, action, status, startedAt, closedAt, requestedBy, error, held } = job;
  return { jobId, clusterId, action, status, startedAt, closedAt, requestedBy, error, held };
}

function toCommandView({ command, taskId, by, why, at }: JobCommand): JobCommandView {
  return { command, taskId, by, why, at };
}

type SayError = (error: ErrorInfo | null) => ErrorInfo | null;

const SHORT_TEXT = 300;

/** Many errors in one answer are shortened if the full texts would be more than can be sent. */
function shortenErrors<Answer>(make: (say: SayError) => Answer): Answer {
  const whole = make((error) => error);
  return answerBytes(whole) <= MAX_ANSWER_BYTES ? whole : make(shorten);
}

function shorten(error: ErrorInfo | null): ErrorInfo | null {
  if (error === null) return null;
  const { details: _details, hint, message, ...rest } = error;
  return {
    ...rest,
    message: cutText(message, SHORT_TEXT),
    ...(hint === undefined ? {} : { hint: cutText(hint, SHORT_TEXT) }),
  };
}

function toStepView({ index, title, runs, lanes, layers }: StepShape): StepView {
  return {
    index,
    title,
    runs,
    lanes: lanes === null ? null : { count: lanes.count, atOnce: lanes.atOnce },
    layers: layers.map((layer) => layer.index),
  };
}

function toLayerView(
  shape: LayerShape,
  counts: readonly LayerCount[],
  rows: readonly StoredTask[],
  say: SayError,
): LayerView {
  const count = counts.find((one) => one.layerIndex === shape.index);
  return {
    index: shape.index,
    name: shape.name,
    total: shape.total,
    done: count?.done ?? 0,
    failed: count?.failed ?? 0,
    skipped: count?.skipped ?? 0,
    tasks: rows
      .filter((task) => task.layerIndex === shape.index)
      .map((task) => ({ ...toTaskView(task), error: say(task.error) })),
  };
}

function toTaskView(task: StoredTask): TaskView {
  return {
    taskId: task.taskId,
    action: task.action,
    nodeId: task.nodeId,
    label: task.label,
    status: task.status,
    round: task.round,
    attempts: task.failures,
    observation: task.observation,
    error: task.error,
    startedAt: task.startedAt,
    endedAt: task.endedAt,
  };
}
