// A job whose steps were put in another order: what a careless change looks like.
import { proxyActivities } from '@temporalio/workflow';
import type { EngineActivities } from '../../../activities/index.ts';
import { WORKFLOW_QUEUE } from '../../../src/domain/index.ts';
import type { RunJobInput, RunJobResult } from '../../../workflows/messages.ts';

export { walkSlice } from '../../../workflows/walk-slice.workflow.ts';

const { LoadJob, PlanJob } = proxyActivities<EngineActivities>({
  taskQueue: WORKFLOW_QUEUE,
  startToCloseTimeout: '1 minute',
});

export async function runJob(input: RunJobInput): Promise<RunJobResult> {
  await PlanJob({ jobId: input.jobId });
  await LoadJob(input);
  return { jobId: input.jobId, status: 'successful', failedTasks: 0 };
}
