export {
  newProgress,
  PRODUCT_PACING,
  type Pacing,
  type PollResult,
  type Progress,
} from './poll-until-done.ts';
export { isLeaseMatter, isRetried, retryDelayMs, triedTooLong } from './retries.ts';
export {
  handleTask,
  observeTask,
  waitForTask,
  type HandleAttempt,
  type TaskAttempt,
  type WaitAttempt,
} from './run-task.ts';
export type { LoadedTask, TaskStore } from './task-store.ts';
