import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import type { JobRun } from './job-run.ts';
import type { JobHistory } from './windlass-client.ts';

type Run = Pick<JobRun, 'workflowId' | 'runId'>;

/**
 * The histories of a job's runs in the form that Temporal replays, the newest first, each followed by
 * those of its slices. Runs that Temporal has forgotten are left out.
 */
export async function readJobHistories(
  client: Client,
  newest: Run,
  children: boolean,
): Promise<readonly JobHistory[]> {
  const histories: JobHistory[] = [];
  for (let run: Run | null = newest; run !== null;) {
    const read: ReadHistory | null = await readHistory(client, run).catch((error: unknown) => {
      if (error instanceof WorkflowNotFoundError && histories.length > 0) return null;
      throw error;
    });
    if (read === null) break;
    histories.push(read.own);
    if (children) {
      for (const slice of read.slices) histories.push((await readHistory(client, slice)).own);
    }
    run = read.earlier;
  }
  return histories;
}

interface ReadHistory {
  readonly own: JobHistory;
  readonly slices: readonly Run[];
  /** The run that has continued as new in this one. */
  readonly earlier: Run | null;
}

async function readHistory(client: Client, { workflowId, runId }: Run): Promise<ReadHistory> {
  const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
  const events = history.events ?? [];
  const slices = events.flatMap(
    ({ childWorkflowExecutionStartedEventAttributes: started }): readonly Run[] => {
      const { workflowId: id, runId: startedRunId } = started?.workflowExecution ?? {};
      return id == null || startedRunId == null ? [] : [{ workflowId: id, runId: startedRunId }];
    },
  );
  const earlier = events[0]?.workflowExecutionStartedEventAttributes?.continuedExecutionRunId ?? '';
  return {
    own: { workflowId, runId, history: JSON.parse(historyToJSON(history)) as unknown },
    slices,
    earlier: earlier === '' ? null : { workflowId, runId: earlier },
  };
}
