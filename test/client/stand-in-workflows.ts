import {
  ApplicationFailure,
  condition,
  defineSignal,
  proxyActivities,
  setHandler,
  CancellationScope,
} from '@temporalio/workflow';
import type { ErrorInfo } from '../../src/domain/index.ts';
import type { RunJobInput, RunJobResult } from '../../src/protocol/index.ts';

export const finish = defineSignal<[ErrorInfo | null]>('finish');

/** Stands in for the real job: has one wait that is pending, and ends when it is told how. */
export async function runJob(input: RunJobInput): Promise<RunJobResult> {
  let end: ErrorInfo | null | undefined;
  setHandler(finish, (error) => {
    end = error;
  });
  const { WaitStandIn } = proxyActivities<{ WaitStandIn(): Promise<void> }>({
    taskQueue: 'stand-in',
    activityId: `${input.jobId}.0.0/wait`,
    startToCloseTimeout: '1 minute',
    heartbeatTimeout: '10 seconds',
  });
  const waiting = new CancellationScope();
  waiting.run(() => WaitStandIn()).catch(() => {});
  await condition(() => end !== undefined);
  waiting.cancel();
  if (end !== undefined && end !== null) {
    throw ApplicationFailure.create({
      message: end.message,
      type: end.code,
      nonRetryable: true,
      details: [end],
    });
  }
  return { jobId: input.jobId, status: 'successful', failedTasks: 0 };
}
