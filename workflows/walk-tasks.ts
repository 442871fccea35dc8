import type { QueueScope, TaskRef } from '../src/domain/index.ts';
import { findCoreFacts } from '../src/domain/index.ts';
import { startHandle, startWait } from './activity-proxies.ts';
import { isCancelled } from './is-cancelled.ts';
import type { ActivityTiming, WalkOutcome } from '../src/protocol/index.ts';

export const NOTHING_WALKED: WalkOutcome = { failed: [], allowed: 0, cancelled: false };

export function joinOutcomes(outcomes: readonly WalkOutcome[]): WalkOutcome {
  return {
    failed: outcomes.flatMap((outcome) => outcome.failed),
    allowed: outcomes.reduce((sum, outcome) => sum + outcome.allowed, 0),
    cancelled: outcomes.some((outcome) => outcome.cancelled),
  };
}

/** Runs tasks in parallel, each as handle, then wait. Never throws: a failure is an outcome. */
export async function walkTasks(
  tasks: readonly TaskRef[],
  queues: QueueScope,
  timing: ActivityTiming,
): Promise<WalkOutcome> {
  return joinOutcomes(await Promise.all(tasks.map((task) => walkTask(task, queues, timing))));
}

async function walkTask(task: TaskRef, queues: QueueScope, timing: ActivityTiming): Promise<WalkOutcome> {
  const options = { taskId: task.taskId, summary: task.label };
  try {
    const started =
      findCoreFacts(task.action)?.wait !== 'only'
        ? await startHandle(task.action, queues, timing, options)
        : { wait: true };
    if (started.wait) await startWait(task.action, queues, timing, options);
    return NOTHING_WALKED;
  } catch (error) {
    if (isCancelled(error)) return { ...NOTHING_WALKED, cancelled: true };
    return task.failureAllowed
      ? { ...NOTHING_WALKED, allowed: 1 }
      : { ...NOTHING_WALKED, failed: [task.taskId] };
  }
}
