import type {
  Job,
  JobSummary,
  LayerShape,
  LayerView,
  Reads,
  Task,
  TaskView,
} from '../../src/domain/index.ts';
import type { LayerCount } from '../../src/db/index.ts';
import type { ActivityDependencies } from '../dependencies.ts';

type JobReads = Pick<Reads, 'describeJob' | 'findJob' | 'listJobs'>;

/** Up to so many tasks a job is shown whole; a larger one by its counts and what is unfinished. */
const SHOWN_TASKS = 200;

export function createJobReads(dependencies: ActivityDependencies): JobReads {
  const { jobs, tasks } = dependencies.stores;
  async function listShown(
    jobId: string,
    shape: readonly LayerShape[],
    layer: number | undefined,
  ): Promise<readonly Task[]> {
    if (shape.reduce((sum, one) => sum + one.total, 0) <= SHOWN_TASKS) return tasks.list(jobId);
    const unfinished = await tasks.listByStatus(jobId, ['working', 'failed']);
    if (layer === undefined) return unfinished;
    return [...unfinished.filter((task) => task.layerIndex !== layer), ...(await tasks.list(jobId, layer))];
  }

  return {
    async describeJob({ jobId, layer }) {
      const job = await jobs.get(jobId);
      const shape = (await jobs.loadShape(jobId)) ?? [];
      const counts = await tasks.countByLayer(jobId);
      const rows = await listShown(jobId, shape, layer);
      return {
        ...toJobSummary(job),
        layers: shape.map((one) => toLayerView(one, counts, rows)),
      };
    },

    async findJob({ jobId }) {
      const job = await jobs.find(jobId);
      return job === null ? null : toJobSummary(job);
    },

    listJobs: async (page) => (await jobs.list(page)).map(toJobSummary),
  };
}

function toJobSummary(job: Job): JobSummary {
  const { jobId, clusterId, action, status, startedAt, closedAt, requestedBy, error } = job;
  return { jobId, clusterId, action, status, startedAt, closedAt, requestedBy, error };
}

function toLayerView(shape: LayerShape, counts: readonly LayerCount[], rows: readonly Task[]): LayerView {
  const count = counts.find((one) => one.layerIndex === shape.index);
  return {
    index: shape.index,
    name: shape.name,
    total: shape.total,
    done: count?.done ?? 0,
    failed: count?.failed ?? 0,
    tasks: rows.filter((task) => task.layerIndex === shape.index).map(toTaskView),
  };
}

function toTaskView(task: Task): TaskView {
  return {
    taskId: task.taskId,
    action: task.action,
    nodeId: task.nodeId,
    label: task.label,
    status: task.status,
    attempts: task.failures,
    observation: task.observation,
    error: task.error,
    startedAt: task.startedAt,
    endedAt: task.endedAt,
  };
}
