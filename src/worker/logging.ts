import { DefaultLogger, Runtime } from '@temporalio/worker';
import type { ActivityLogger } from '../../activities/index.ts';
import { WindlassError } from '../domain/index.ts';
import type { Logger } from '../observability/index.ts';

export function toActivityLogger(logger: Logger): ActivityLogger {
  return {
    info: (message, fields = {}) => logger.info(fields, message),
    warn: (message, fields = {}) => logger.warn(fields, message),
  };
}

let installed = false;

/**
 * Sends the log of Temporal's SDK to ours, so that it is redacted like everything else, and serves its
 * metrics if an address is given.
 *
 * @throws invalid-input `METRICS_ADDRESS` when nothing can be served there.
 */
export function installTemporalRuntime(log: ActivityLogger, metricsAddress: string | null): void {
  // The SDK's runtime is one per process and cannot be replaced.
  if (installed) return;
  const logger = new DefaultLogger('WARN', ({ message, meta }) =>
    log.warn(message, meta as Record<string, unknown>),
  );
  if (metricsAddress === null) {
    Runtime.install({ logger });
  } else {
    try {
      Runtime.install({
        logger,
        telemetryOptions: { metrics: { prometheus: { bindAddress: metricsAddress } } },
      });
    } catch (error) {
      throw new WindlassError('invalid-input', `metrics cannot be served on ${metricsAddress}`, {
        code: 'METRICS_ADDRESS',
        field: 'WINDLASS_METRICS_ADDRESS',
        hint: 'name an address of this machine with a port that nothing else uses',
        cause: error,
      });
    }
  }
  installed = true;
}
