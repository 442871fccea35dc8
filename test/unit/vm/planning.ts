import type {
  ClusterWrapper,
  JobAction,
  JobOptions,
  JobPlan,
  PastTask,
  PlannedTask,
  TaskAction,
} from '../../../src/domain/index.ts';
import { listLayers, listTasks } from '../../../src/plan/index.ts';
import type { Capabilities } from '../../../src/provider/index.ts';
import { planVmJob } from '../../../src/vm/plan-vm-job.ts';
import { capabilities, RUNTIME } from './clusters.ts';

export function plan(
  action: JobAction,
  wrapper: ClusterWrapper,
  options: JobOptions = {},
  can: Capabilities = capabilities(),
  past?: readonly PastTask[],
): JobPlan {
  return planVmJob(
    {
      job: { jobId: 'job-1', clusterId: 'cl-1', action, options },
      cluster: wrapper,
      runtime: RUNTIME,
      ...(past === undefined ? {} : { past }),
    },
    can,
  );
}

export const onceActive = (wrapper: ClusterWrapper): ClusterWrapper => ({
  ...wrapper,
  cluster: { ...wrapper.cluster, wasActive: true },
});

export const layerNames = (made: JobPlan): readonly string[] => listLayers(made).map((layer) => layer.title);

export const stepNames = (made: JobPlan): readonly string[] => made.map((step) => step.title);

/** Tasks of the layer of this title, or of the next ones of the same title, counted from 0. */
export function tasksOf(made: JobPlan, title: string, position = 0): readonly PlannedTask[] {
  const layer = listLayers(made).filter((candidate) => candidate.title === title)[position];
  if (layer === undefined) throw new Error(`no layer ${title} among: ${layerNames(made).join(', ')}`);
  return layer.tasks;
}

export const labels = (made: JobPlan, title: string, position = 0): readonly string[] =>
  tasksOf(made, title, position).map((task) => task.label);

/** Tasks of one action, in whatever layer. */
export const tasksFor = (made: JobPlan, action: TaskAction): readonly PlannedTask[] =>
  listTasks(made).filter((task) => task.action === action);

/** The layers of the lane of one node: what runs on it, and what beside what. */
export function laneOf(made: JobPlan, title: string, label: string): readonly (readonly TaskAction[])[] {
  const step = made.find((candidate) => candidate.title === title);
  const lane = step?.kind === 'lanes' ? step.lanes.find((each) => each.label === label) : undefined;
  if (lane === undefined) throw new Error(`no lane of ${label} in a step ${title}`);
  return lane.layers.map(({ tasks }) => tasks.map(({ action }) => action));
}
