import { ApplicationFailure } from '@temporalio/workflow';
import { isErrorInfo, type ErrorInfo } from '../src/domain/index.ts';

/** The original failure of an activity or a child; for another failure its innermost message. */
export function toErrorInfo(error: unknown): ErrorInfo {
  let message = String(error);
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof ApplicationFailure && isErrorInfo(cause.details?.[0])) return cause.details[0];
    message = cause.message;
  }
  return { kind: 'internal', code: 'JOB_STEP_FAILED', message };
}
