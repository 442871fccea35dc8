// A job whose steps were put in another order, and a frontgate that waits for a word before it looks:
// what careless changes look like.
import { condition, proxyActivities, setHandler } from '@temporalio/workflow';
import {
  ACQUIRE_FRONTGATE,
  WORKFLOW_QUEUE,
  type FrontgateActivities,
  type FrontgateInput,
  type JobActivities,
  type RunJobInput,
  type RunJobResult,
} from '../../../src/protocol/index.ts';

export { walkSlice } from '../../../workflows/walk-slice.workflow.ts';

const { BeginJob, EndJob, LoadFrontgate } = proxyActivities<JobActivities & FrontgateActivities>({
  taskQueue: WORKFLOW_QUEUE,
  startToCloseTimeout: '1 minute',
});

export async function runJob(input: RunJobInput): Promise<RunJobResult> {
  await EndJob({ jobId: input.jobId, status: 'successful', error: null, refresh: false });
  await BeginJob(input);
  return { jobId: input.jobId, status: 'successful', failedTasks: 0 };
}

export async function frontgate(place: FrontgateInput): Promise<void> {
  let words = 0;
  setHandler(ACQUIRE_FRONTGATE, () => {
    words += 1;
  });
  await condition(() => words > 0, 1_000);
  await LoadFrontgate(place);
}
