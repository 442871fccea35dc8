import type { Client } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import type { JobRun } from './job-run.ts';
import type { JobHistory } from './windlass-client.ts';

/** The history of a job's run, then those of its slices, in the form that Temporal replays. */
export async function readJobHistories(
  client: Client,
  run: Pick<JobRun, 'workflowId' | 'runId'>,
  children: boolean,
): Promise<readonly JobHistory[]> {
  const history = await client.workflow.getHandle(run.workflowId, run.runId).fetchHistory();
  const own: JobHistory = {
    workflowId: run.workflowId,
    runId: run.runId,
    history: JSON.parse(historyToJSON(history)) as unknown,
  };
  if (!children) return [own];
  const histories: JobHistory[] = [own];
  for (const { childWorkflowExecutionStartedEventAttributes: started } of history.events ?? []) {
    const { workflowId, runId } = started?.workflowExecution ?? {};
    if (workflowId != null && runId != null) {
      histories.push(...(await readJobHistories(client, { workflowId, runId }, false)));
    }
  }
  return histories;
}
