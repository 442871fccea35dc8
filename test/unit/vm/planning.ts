import type {
  ClusterWrapper,
  JobAction,
  JobOptions,
  JobPlan,
  PastTask,
  PlannedTask,
} from '../../../src/domain/index.ts';
import { listLayers } from '../../../src/plan/index.ts';
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

export function tasksOf(made: JobPlan, layerName: string): readonly PlannedTask[] {
  const layer = listLayers(made).find((candidate) => candidate.title === layerName);
  if (layer === undefined) throw new Error(`no layer ${layerName} among: ${layerNames(made).join(', ')}`);
  return layer.tasks;
}

export const labels = (made: JobPlan, layerName: string): readonly string[] =>
  tasksOf(made, layerName).map((task) => task.label);
