// A job whose steps were put in another order, and a frontgate that waits for a word before it looks:
// what careless changes look like.
import { condition, defineSignal, proxyActivities, setHandler } from '@temporalio/workflow';
import type { EngineActivities, FrontgateActivities } from '../../../activities/index.ts';
import { WORKFLOW_QUEUE } from '../../../src/domain/index.ts';
import {
  ACQUIRE_SIGNAL,
  type FrontgateInput,
  type RunJobInput,
  type RunJobResult,
} from '../../../workflows/messages.ts';

export { walkSlice } from '../../../workflows/walk-slice.workflow.ts';

const { LoadJob, PlanJob, LoadFrontgate } = proxyActivities<EngineActivities & FrontgateActivities>({
  taskQueue: WORKFLOW_QUEUE,
  startToCloseTimeout: '1 minute',
});

export async function runJob(input: RunJobInput): Promise<RunJobResult> {
  await PlanJob({ jobId: input.jobId });
  await LoadJob(input);
  return { jobId: input.jobId, status: 'successful', failedTasks: 0 };
}

export async function frontgate(place: FrontgateInput): Promise<void> {
  let words = 0;
  setHandler(defineSignal(ACQUIRE_SIGNAL), () => {
    words += 1;
  });
  await condition(() => words > 0, 1_000);
  await LoadFrontgate(place);
}
