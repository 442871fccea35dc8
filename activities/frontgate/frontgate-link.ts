import { Context } from '@temporalio/activity';
import { WorkflowNotFoundError } from '@temporalio/client';
import { WindlassError, type FrontgateKey } from '../../src/domain/index.ts';
import {
  ACQUIRE_FRONTGATE,
  FRONTGATE_WORKFLOW,
  frontgateWorkflowId,
  READ_FRONTGATE,
  RELEASE_FRONTGATE,
  WORKFLOW_QUEUE,
  type FrontgateInput,
  type FrontgateNews,
  type FrontgateState,
  type Workflows,
} from '../../src/protocol/index.ts';

/** How long a worker may take to answer for the workflow, in milliseconds. */
const ASK_LIMIT_MS = 10_000;

/**
 * Signals the workflow that keeps a frontgate, and starts it if none runs: in one request, so that it
 * misses no signal. A repeated signal has no further effect.
 *
 * @throws unavailable `TEMPORAL_UNREACHABLE`
 */
export async function tellFrontgate(key: FrontgateKey, news: FrontgateNews): Promise<void> {
  const input: FrontgateInput = { runtimeId: key.runtimeId, vpcId: key.vpcId };
  const { client, info } = Context.current();
  // Its work belongs to the same account as the task that signals it.
  const priority = info.priority === undefined ? {} : { priority: info.priority };
  await reach(() =>
    client.workflow.signalWithStart<Workflows['frontgate'], [FrontgateNews]>(FRONTGATE_WORKFLOW, {
      ...priority,
      taskQueue: WORKFLOW_QUEUE,
      workflowId: frontgateWorkflowId(key),
      args: [input],
      signal: news.use === 'needed' ? ACQUIRE_FRONTGATE : RELEASE_FRONTGATE,
      signalArgs: [news],
      staticSummary: `frontgate of VPC ${key.vpcId}`,
    }),
  );
}

/**
 * The state of the workflow, after all earlier signals. Null if none runs.
 *
 * @throws unavailable `TEMPORAL_UNREACHABLE`
 */
export async function askFrontgate(key: FrontgateKey): Promise<FrontgateState | null> {
  const { client } = Context.current();
  return reach(async () => {
    try {
      const handle = client.workflow.getHandle(frontgateWorkflowId(key));
      return await client.withDeadline(Date.now() + ASK_LIMIT_MS, () => handle.query(READ_FRONTGATE));
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return null;
      throw error;
    }
  });
}

async function reach<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw new WindlassError('unavailable', 'the workflow of the frontgate cannot be reached', {
      code: 'TEMPORAL_UNREACHABLE',
      hint: 'it is retried; a Temporal server and one worker must be running',
      retryAfterMs: 1_000,
      cause: error,
    });
  }
}
