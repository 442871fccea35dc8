import type {
  Job,
  JobSummary,
  LayerShape,
  LayerView,
  Reads,
  Task,
  TaskView,
} from '../../src/domain/index.ts';
import type { ActivityDependencies } from '../dependencies.ts';

type JobReads = Pick<Reads, 'describeJob' | 'findJob' | 'listJobs'>;

/** Up to so many tasks a job is shown whole; a larger one by its counts and what is unfinished. */
const SHOWN_TASKS = 200;

export function createJobReads(dependencies: ActivityDependencies): JobReads {
  const { jobs, tasks } = dependencies.stores;
  return {
    async describeJob({ jobId, layer }) {
      const job = await jobs.get(jobId);
      const shape = (await jobs.loadShape(jobId)) ?? [];
      const rows = await tasks.list(jobId);
      const all = rows.length <= SHOWN_TASKS;
      return {
        ...toJobSummary(job),
        layers: shape.map((one) => toLayerView(one, rows, all || one.index === layer)),
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

function toLayerView(shape: LayerShape, rows: readonly Task[], all: boolean): LayerView {
  const own = rows.filter((task) => task.layerIndex === shape.index);
  const shown = all ? own : own.filter((task) => task.status === 'working' || task.status === 'failed');
  return {
    index: shape.index,
    name: shape.name,
    total: shape.total,
    done: own.filter((task) => task.status === 'successful').length,
    failed: own.filter((task) => task.status === 'failed').length,
    tasks: shown.map(toTaskView),
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
