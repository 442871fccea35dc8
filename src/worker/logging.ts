import { DefaultLogger, Runtime } from '@temporalio/worker';
import type { ActivityLogger } from '../../activities/index.ts';
import type { Logger } from '../observability/index.ts';

export function toActivityLogger(logger: Logger): ActivityLogger {
  return {
    info: (message, fields = {}) => logger.info(fields, message),
    warn: (message, fields = {}) => logger.warn(fields, message),
  };
}

let installed = false;

/** Sends what Temporal's SDK has to say to our log, so that it is redacted like everything else. */
export function installTemporalLogger(log: ActivityLogger): void {
  // The SDK's runtime is one per process and cannot be replaced.
  if (installed) return;
  installed = true;
  Runtime.install({
    logger: new DefaultLogger('WARN', ({ message, meta }) =>
      log.warn(message, meta as Record<string, unknown>),
    ),
  });
}
